"""All tables at once, for a database that has none: fifteen migrations one by one take as long as everything else a start does."""

from importlib import import_module

import django.core.serializers.json
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

_words = import_module("hits.migrations.0013_words_of_answers")


class Migration(migrations.Migration):

    replaces = [('hits', '0001_initial'), ('hits', '0002_indexes_of_the_hit_table'), ('hits', '0003_indexes_of_what_is_on_its_way'), ('hits', '0004_assignment_batch'), ('hits', '0005_assignment_batch_indexes'), ('hits', '0006_indexes_of_workers_and_hits'), ('hits', '0007_what_a_team_makes_of_answers'), ('hits', '0008_what_rules_keep'), ('hits', '0009_scores_that_are_counted'), ('hits', '0010_filters_of_the_queue'), ('hits', '0011_uploaded_rows'), ('hits', '0012_figures_of_batches'), ('hits', '0013_words_of_answers'), ('hits', '0014_what_is_in_somebodys_hands'), ('hits', '0015_findings_by_state')]

    initial = True

    dependencies = [('dashboard', '0009_release_of_blocks')]

    operations = [
        migrations.CreateModel(
            name='Batch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='batch:<BatchId> or type:<HITTypeId>.', max_length=120)),
                ('name', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='dashboard.account')),
            ],
            options={
                'verbose_name_plural': 'batches',
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='batch_once')],
            },
        ),
        migrations.CreateModel(
            name='HITType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hit_type_id', models.CharField(max_length=64)),
                ('title', models.TextField(blank=True)),
                ('description', models.TextField(blank=True)),
                ('keywords', models.TextField(blank=True)),
                ('reward', models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ('assignment_duration', models.DurationField(null=True)),
                ('auto_approval_delay', models.DurationField(null=True)),
                ('qualification_requirements', models.JSONField(default=list)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hit_types', to='dashboard.account')),
            ],
            options={
                'verbose_name': 'HIT type',
                'constraints': [models.UniqueConstraint(fields=('account', 'hit_type_id'), name='hit_type_once')],
            },
        ),
        migrations.CreateModel(
            name='ReasonTemplate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('use', models.CharField(choices=[('reject', 'Rejecting'), ('approve', 'Approving'), ('bonus', 'Bonus'), ('message', 'Message')], default='reject', max_length=8)),
                ('title', models.CharField(max_length=80)),
                ('text', models.TextField(max_length=1024)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reason_templates', to='dashboard.account')),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('account', 'use', 'title'), name='reason_template_once')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, help_text="As it stands in the queue's URL.", max_length=1000)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to='dashboard.account')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('account', 'name'), name='saved_view_once')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('marked', 'Marked results'), ('bonuses', 'Bonuses'), ('formula', 'Bonuses by formula')], max_length=8)),
                ('name', models.CharField(help_text='Of the file; of a formula, the formula.', max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('read_at', models.DateTimeField(help_text='When its last row was stored; nothing is done before.', null=True)),
                ('rows_read', models.PositiveIntegerField(default=0)),
                ('unmarked', models.PositiveIntegerField(default=0, help_text='Rows that ask for nothing.')),
                ('problem', models.TextField(blank=True, help_text='Why reading ended before the file did.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='dashboard.account')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['account', '-created_at', '-id'], name='upload_by_time')],
            },
        ),
        migrations.CreateModel(
            name='BatchFigures',
            fields=[
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='figures', serialize=False, to='hits.batch')),
                ('submitted', models.PositiveIntegerField(default=0, help_text='Waiting for a decision.')),
                ('approved', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('elsewhere', models.PositiveIntegerField(default=0, help_text='Decided by another program, or by itself in time.')),
                ('cost', models.DecimalField(decimal_places=4, default=0, help_text='Rewards paid, with their fees.', max_digits=14)),
                ('first_at', models.DateTimeField(null=True)),
                ('last_at', models.DateTimeField(null=True)),
                ('took', models.JSONField(default=dict, help_text='Seconds from accepting to handing in.')),
                ('hours', models.JSONField(default=dict, help_text='Answers handed in per hour: 2026-11-22T13 (UTC) to how many.')),
                ('agreement', models.PositiveSmallIntegerField(help_text="Mean percent of its answers' agreement.", null=True)),
                ('reliability', models.JSONField(default=dict, help_text='Of each field: percent, alpha, kappa.')),
                ('measured_answers', models.PositiveIntegerField(default=0, help_text='Answers there were when it was measured.')),
                ('measured_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batch_figures', to='dashboard.account')),
            ],
            options={
                'verbose_name_plural': 'figures of batches',
            },
        ),
        migrations.CreateModel(
            name='FieldFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('tally', models.JSONField(default=dict)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='hits.batch')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [models.UniqueConstraint(fields=('batch', 'name'), name='field_figures_once')],
            },
        ),
        migrations.CreateModel(
            name='GoldUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('text', models.TextField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hits.batch')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='HIT',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hit_id', models.CharField(max_length=64)),
                ('hit_group_id', models.CharField(blank=True, max_length=64)),
                ('question', models.TextField(blank=True)),
                ('status', models.CharField(max_length=16)),
                ('review_status', models.CharField(blank=True, max_length=24)),
                ('reward', models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ('max_assignments', models.PositiveIntegerField(default=1)),
                ('available', models.IntegerField(default=0)),
                ('pending', models.IntegerField(default=0)),
                ('completed', models.IntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('annotation', models.TextField(blank=True)),
                ('raw', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text='The answer of the API as it came.')),
                ('stale', models.BooleanField(default=True)),
                ('synced_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(help_text='No longer there remotely; our copy is the archive.', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hits', to='dashboard.account')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hits', to='hits.batch')),
                ('hit_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hits', to='hits.hittype')),
            ],
            options={
                'verbose_name': 'HIT',
                'verbose_name_plural': 'HITs',
                'indexes': [models.Index(condition=models.Q(('gone_at', None), ('stale', True)), fields=['account'], name='hit_stale'), models.Index(fields=['account', '-created_at', '-id'], name='hit_by_time'), models.Index(fields=['batch', '-created_at'], name='hit_by_batch'), models.Index(fields=['account', 'status', '-created_at', '-id'], name='hit_by_status'), models.Index(fields=['account', 'expires_at', 'id'], name='hit_by_end'), models.Index(fields=['hit_id'], name='hit_by_name')],
                'constraints': [models.UniqueConstraint(fields=('account', 'hit_id'), name='hit_once')],
            },
        ),
        migrations.CreateModel(
            name='ReviewerFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('approved', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('reversed', models.PositiveIntegerField(default=0, help_text='Rejections of theirs that were taken back.')),
                ('in_bulk', models.PositiveIntegerField(default=0, help_text='Of all, those that a bulk job carried out.')),
                ('gaps', models.JSONField(default=dict, help_text='Seconds between two decisions, pauses left out.')),
                ('last_at', models.DateTimeField(null=True)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviewers', to='hits.batch')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('batch', 'person'), name='reviewer_figures_once')],
            },
        ),
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('look', models.CharField(choices=[('gold', 'Gold answers'), ('plurality', 'What most others said'), ('attention', 'Attention check'), ('time', 'Time taken'), ('duplicate', 'Same text again'), ('empty', 'Fields left empty'), ('code', 'Survey code')], max_length=10)),
                ('settings', models.JSONField(default=dict, help_text='What the look needs to know: field, value, limit.')),
                ('proposal', models.CharField(choices=[('approve', 'Approve'), ('reject', 'Reject'), ('flag', 'Flag'), ('bonus', 'Bonus'), ('soft_block', 'Soft block')], default='flag', max_length=10)),
                ('reason', models.TextField(blank=True, help_text='What the worker would read.', max_length=1024)),
                ('amount', models.DecimalField(decimal_places=2, default=0, help_text='Of the bonus, in dollars.', max_digits=12)),
                ('on', models.BooleanField(default=False)),
                ('releases_itself', models.BooleanField(default=False, help_text='Policy: what it proposes is asked for at once.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='dashboard.account')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='hits.batch')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deleted_at', models.DateTimeField(blank=True, help_text='Out of use; what it found is kept.', null=True)),
                ('policy_by', models.ForeignKey(blank=True, help_text='Who let it release itself; what it asks for is asked in their name.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('when_passed', models.BooleanField(default=False, help_text='It proposes where the check is passed, not where it is failed.')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('assignment_id', models.CharField(max_length=64)),
                ('worker_id', models.CharField(max_length=64)),
                ('status', models.CharField(max_length=12)),
                ('accepted_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField()),
                ('auto_approval_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('rejected_at', models.DateTimeField(null=True)),
                ('deadline', models.DateTimeField(null=True)),
                ('feedback', models.TextField(blank=True)),
                ('answer', models.TextField(blank=True, help_text='The QuestionFormAnswers document as it came.')),
                ('raw', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, help_text="The API's answer without the Answer member.")),
                ('synced_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='dashboard.account')),
                ('verdict', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='verdict_of', to='dashboard.command')),
                ('hit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='hits.hit')),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='hits.batch')),
                ('agreement', models.PositiveSmallIntegerField(default=101, help_text="Percent of its fields on which it says what most of its HIT's say.")),
                ('corrected', models.JSONField(blank=True, help_text='Field name: value as a reviewer corrected it.', null=True)),
                ('counted', models.CharField(blank=True, default='', help_text='The status figures have counted; empty: not counted yet.', max_length=12)),
                ('data_at', models.DateTimeField(blank=True, null=True)),
                ('data_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('data_verdict', models.CharField(blank=True, choices=[('usable', 'Usable'), ('unusable', 'Unusable'), ('unsure', 'Unsure'), ('corrected', 'Corrected')], default='', max_length=10)),
                ('flagged', models.BooleanField(default=False, help_text='Has a Flag that nobody cleared.')),
                ('fresh', models.BooleanField(default=True, help_text='Figures have not yet seen it, or its present status.')),
                ('gold_score', models.PositiveSmallIntegerField(help_text='Percent of the gold answers that it met.', null=True)),
                ('handed_until', models.DateTimeField(blank=True, help_text="Until then it is the reviewer's alone.", null=True)),
                ('reviewer', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('shuffled', models.PositiveIntegerField(default=0, help_text='A number out of its id, for a random order that stays.')),
                ('counted_agreement', models.PositiveSmallIntegerField(null=True)),
                ('counted_gold', models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('gone_at', None), ('status', 'Submitted'), ('verdict', None)), fields=['account', 'auto_approval_at', 'id'], name='assignment_waiting'), models.Index(fields=['account', 'status', 'auto_approval_at', 'id'], name='assignment_by_deadline'), models.Index(fields=['account', 'auto_approval_at', 'id'], name='assignment_all_deadline'), models.Index(fields=['account', 'status', 'submitted_at', 'id'], name='assignment_by_submission'), models.Index(fields=['account', 'submitted_at', 'id'], name='assignment_all_submission'), models.Index(fields=['account', 'worker_id', 'submitted_at'], name='assignment_by_worker'), models.Index(condition=models.Q(('verdict__isnull', False)), fields=['verdict'], name='assignment_of_verdict'), models.Index(condition=models.Q(('verdict__isnull', False)), fields=['account', 'auto_approval_at', 'id'], name='assignment_deciding'), models.Index(condition=models.Q(('verdict__isnull', False)), fields=['account', 'submitted_at', 'id'], name='assignment_deciding_new'), models.Index(fields=['account', 'batch', 'auto_approval_at', 'id'], name='assignment_batch_deadline'), models.Index(fields=['account', 'batch', 'submitted_at', 'id'], name='assignment_batch_submission'), models.Index(fields=['account', 'batch', 'status', 'auto_approval_at', 'id'], name='assignment_batch_by_deadline'), models.Index(fields=['account', 'batch', 'status', 'submitted_at', 'id'], name='assignment_batch_by_submission'), models.Index(fields=['account', 'hit', 'status', 'auto_approval_at', 'id'], name='assignment_hit_by_deadline'), models.Index(fields=['account', 'worker_id', 'status', 'auto_approval_at', 'id'], name='assignment_worker_by_deadline'), models.Index(fields=['account', 'hit', 'status', 'submitted_at', 'id'], name='assignment_hit_by_submission'), models.Index(condition=models.Q(('gone_at', None), ('status', 'Submitted'), ('verdict', None)), fields=['account', 'agreement', 'id'], name='assignment_waiting_agreement'), models.Index(condition=models.Q(('gone_at', None), ('status', 'Submitted'), ('verdict', None)), fields=['account', 'worker_id', 'id'], name='assignment_waiting_worker'), models.Index(condition=models.Q(('gone_at', None), ('status', 'Submitted'), ('verdict', None)), fields=['account', 'shuffled', 'id'], name='assignment_waiting_shuffled'), models.Index(condition=models.Q(('fresh', True)), fields=['account', 'id'], name='assignment_fresh'), models.Index(condition=models.Q(('flagged', True)), fields=['account', 'id'], name='assignment_flagged'), models.Index(condition=models.Q(('data_verdict', ''), _negated=True), fields=['account', 'data_verdict', 'id'], name='assignment_by_data'), models.Index(condition=models.Q(('gold_score__isnull', False)), fields=['account', 'gold_score', 'id'], name='assignment_by_gold'), models.Index(condition=models.Q(('reviewer__isnull', False)), fields=['account', 'reviewer', 'handed_until', 'id'], name='assignment_by_reviewer'), models.Index(condition=models.Q(('handed_until__isnull', False)), fields=['account', 'handed_until', 'reviewer'], name='assignment_handed')],
                'constraints': [models.UniqueConstraint(fields=('account', 'assignment_id'), name='assignment_once')],
            },
        ),
        migrations.CreateModel(
            name='GoldAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(max_length=200)),
                ('accepted', models.JSONField(default=list, help_text="Values any of which is right, as the answer's tree holds them.")),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gold_answers', to='dashboard.account')),
                ('hit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gold_answers', to='hits.hit')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('hit', 'field'), name='gold_answer_once')],
            },
        ),
        migrations.CreateModel(
            name='GoldChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.UUIDField()),
                ('cursor', models.BigIntegerField(default=0, help_text='The last assignment that was scored.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
                ('hit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='gold_change', to='hits.hit')),
            ],
        ),
        migrations.CreateModel(
            name='HITInput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('values', models.JSONField(default=dict, help_text='Name of the variable: its value, both text.')),
                ('hit', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='input', to='hits.hit')),
            ],
        ),
        migrations.CreateModel(
            name='MajorityTaken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('majority', models.JSONField(default=dict, help_text='Field: what most said.')),
                ('commands', models.JSONField(default=list, help_text='Ids of the approvals asked for.')),
                ('before', models.JSONField(default=dict, help_text='Of each assignment: data verdict, corrected, by, at.')),
                ('undone_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='majorities', to='hits.hit')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='RuleRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('index', 'Reading texts'), ('dry', 'Dry run'), ('apply', 'Looking at what waits')], max_length=6)),
                ('cursor', models.BigIntegerField(default=0, help_text='The last assignment that was looked at.')),
                ('until', models.BigIntegerField(default=0, help_text='The last assignment there was when it began.')),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('result', models.JSONField(default=dict, help_text='What was found: counts, workers, money, examples.')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('beat_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='hits.rule')),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('finished_at', None)), fields=['account', 'id'], name='rule_run_open')],
            },
        ),
        migrations.CreateModel(
            name='AnswerText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('field', models.CharField(max_length=200)),
                ('digest', models.BigIntegerField(help_text='Of field and text, without regard to case and blanks.')),
                ('size', models.PositiveIntegerField(help_text='Characters, blanks squeezed.')),
                ('submitted_at', models.DateTimeField()),
                ('assignment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='hits.assignment')),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hits.batch')),
            ],
            options={
                'indexes': [models.Index(fields=['batch', 'digest', 'submitted_at'], name='answer_text_again'), models.Index(fields=['batch', 'worker_id', 'digest', 'submitted_at'], name='answer_text_of_worker')],
                'constraints': [models.UniqueConstraint(fields=('assignment', 'field'), name='answer_text_once')],
            },
        ),
        migrations.CreateModel(
            name='AnswerWords',
            fields=[
                ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='words', serialize=False, to='hits.assignment')),
                ('text', models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', models.TextField(help_text='What was seen, in one sentence.')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('released', 'Released'), ('dismissed', 'Dismissed'), ('overtaken', 'Overtaken')], default='proposed', max_length=10)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='dashboard.account')),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='hits.assignment')),
                ('command', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.command')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='findings', to='hits.rule')),
                ('beside', models.ForeignKey(blank=True, db_index=False, help_text='Another answer that the evidence speaks of.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='hits.assignment')),
                ('due', models.BooleanField(default=False, help_text='Policy has yet to look at it.')),
                ('note', models.CharField(blank=True, help_text='Why policy left it, or what overtook it.', max_length=300)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'proposed')), fields=['account', '-id'], name='finding_proposed'), models.Index(condition=models.Q(('state', 'proposed')), fields=['rule', '-id'], name='finding_proposed_rule'), models.Index(condition=models.Q(('due', True)), fields=['account', 'id'], name='finding_due'), models.Index(fields=['rule', 'state'], name='finding_by_state')],
                'constraints': [models.UniqueConstraint(fields=('rule', 'assignment'), name='finding_once')],
            },
        ),
        migrations.CreateModel(
            name='Flag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='dashboard.account')),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='hits.assignment')),
                ('cleared_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='hits.rule')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='SecondReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('verdict', models.CharField(blank=True, choices=[('approve', 'Approve'), ('reject', 'Reject')], max_length=8)),
                ('note', models.TextField(blank=True, max_length=1024)),
                ('reviewed_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='second_reviews', to='dashboard.account')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('assignment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='second_review', to='hits.assignment')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='second_reviews', to='hits.batch')),
                ('reviewed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('first_verdict', models.CharField(blank=True, choices=[('approve', 'Approve'), ('reject', 'Reject')], max_length=8)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('verdict', '')), fields=['account', 'batch', 'id'], name='second_review_open')],
            },
        ),
        migrations.CreateModel(
            name='UploadRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='As a spreadsheet counts, the header being 1.')),
                ('action', models.CharField(blank=True, choices=[('approve', 'Approve'), ('reject', 'Reject'), ('override', 'Approve after all'), ('bonus', 'Pay a bonus')], max_length=8)),
                ('fate', models.CharField(choices=[('go', 'can be done'), ('doubt', 'only when ticked'), ('refused', 'cannot be done')], max_length=8)),
                ('why', models.TextField(blank=True, help_text='The sentence why it cannot be done, or what is doubtful.')),
                ('cells', models.JSONField(default=dict, help_text='Column: its text in the file, for the file of what failed.')),
                ('assignment_name', models.CharField(blank=True, help_text='The AssignmentId that the file says.', max_length=64)),
                ('worker_name', models.CharField(blank=True, help_text='The WorkerId that the file says.', max_length=64)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ('fee', models.DecimalField(decimal_places=2, max_digits=12, null=True)),
                ('text', models.TextField(blank=True, help_text='What the worker will read.')),
                ('assignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='upload_rows', to='hits.assignment')),
                ('command', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='upload_rows', to='dashboard.command')),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='hits.upload')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['upload', 'id'], name='upload_row_in_order'), models.Index(fields=['upload', 'fate', 'action', 'id'], name='upload_row_by_fate')],
            },
        ),
        migrations.RunPython(_words.make_index, _words.drop_index),
    ]
