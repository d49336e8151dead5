"""All tables at once, for a database that has none: four migrations one by one take as long as everything else a start does."""

import django.core.serializers.json
import django.db.models.deletion
import django.utils.timezone
import uuid
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('qualifications', '0001_qualification_types'), ('qualifications', '0002_compensations'), ('qualifications', '0003_scores_and_panels'), ('qualifications', '0004_compensation_problem')]

    initial = True

    dependencies = [('dashboard', '0009_release_of_blocks')]

    operations = [
        migrations.CreateModel(
            name='Compensation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('worker_id', models.CharField(max_length=64)),
                ('complaint', models.TextField(help_text="What happened, in the worker's or our own words.")),
                ('hit_id', models.CharField(blank=True, help_text='The HIT they could not hand in.', max_length=64)),
                ('message', models.TextField(blank=True, help_text='What the worker is told; empty: not told by us.')),
                ('amount', models.DecimalField(decimal_places=2, help_text='US dollars to the worker.', max_digits=12)),
                ('fee', models.DecimalField(decimal_places=2, default=Decimal('0'), max_digits=12)),
                ('days', models.PositiveSmallIntegerField(default=14, help_text='How long the worker has to take it.')),
                ('state', models.CharField(choices=[('working', 'under way'), ('cleaning', 'cleaning up'), ('ended', 'over')], default='working', max_length=10)),
                ('outcome', models.CharField(blank=True, choices=[('paid', 'paid'), ('lapsed', 'not taken'), ('rejected', 'rejected'), ('stopped', 'stopped')], default='', max_length=10)),
                ('qualification_type_id', models.CharField(blank=True, max_length=64)),
                ('new_hit_id', models.CharField(blank=True, help_text='The HIT published for this worker alone.', max_length=64)),
                ('assignment_id', models.CharField(blank=True, help_text='What the worker handed in for it.', max_length=64)),
                ('form_key', models.UUIDField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='compensations', to='dashboard.account')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='compensations', to=settings.AUTH_USER_MODEL)),
                ('problem', models.TextField(blank=True, help_text='Why it stands still, where a person has to do something.')),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['account', '-created_at', '-id'], name='compensation_by_time'), models.Index(fields=['account', 'worker_id'], name='compensation_by_worker'), models.Index(condition=models.Q(('state', 'ended'), _negated=True), fields=['account'], name='compensation_open')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('form_key__isnull', False)), fields=('account', 'form_key'), name='one_compensation_per_form'), models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('fee__gte', 0)), name='compensation_pays')],
            },
        ),
        migrations.CreateModel(
            name='PanelDue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'worker_id'), name='panel_due_once')],
            },
        ),
        migrations.CreateModel(
            name='QualificationType',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('qualification_type_id', models.CharField(max_length=64)),
                ('kind', models.CharField(choices=[('own', 'Ours'), ('system', "MTurk's own"), ('other', "Other requesters'")], default='own', max_length=8)),
                ('name', models.TextField()),
                ('description', models.TextField(blank=True)),
                ('keywords', models.TextField(blank=True)),
                ('searched', models.TextField(blank=True, help_text='Name, description and keywords, case folded.')),
                ('status', models.CharField(default='Active', help_text='Active, Inactive or Disposing.', max_length=12)),
                ('test', models.TextField(blank=True, help_text='The QuestionForm document as it came.')),
                ('answer_key', models.TextField(blank=True, help_text='The AnswerKey document as it came.')),
                ('test_duration', models.PositiveIntegerField(blank=True, help_text='Seconds for the test.', null=True)),
                ('retry_delay', models.PositiveBigIntegerField(blank=True, help_text='Seconds until a worker may ask again; empty: once only.', null=True)),
                ('auto_granted', models.BooleanField(default=False)),
                ('auto_granted_value', models.IntegerField(blank=True, null=True)),
                ('is_requestable', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(blank=True, null=True)),
                ('purpose', models.CharField(blank=True, default='', help_text='panel, compensation, or empty.', max_length=16)),
                ('raw', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('synced_at', models.DateTimeField(blank=True, null=True)),
                ('gone_at', models.DateTimeField(blank=True, help_text='No longer there; our copy is the archive.', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='qualification_types', to='dashboard.account')),
                ('command', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='qualification_types', to='dashboard.command')),
                ('grading_key', models.TextField(blank=True, help_text='An AnswerKey kept here, for requests a person decides.')),
            ],
            options={
                'verbose_name': 'qualification type',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['account', 'kind', '-id'], name='qualification_type_by_kind'), models.Index(fields=['account', '-id'], name='qualification_type_by_time')],
                'constraints': [models.UniqueConstraint(fields=('account', 'qualification_type_id'), name='qualification_type_once')],
            },
        ),
        migrations.CreateModel(
            name='Upkeep',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='dashboard.account')),
                ('cursor', models.BigIntegerField(default=0)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name='CompensationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('command', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='compensation_step', to='dashboard.command')),
                ('compensation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='qualifications.compensation')),
            ],
            options={
                'ordering': ['created_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('compensation', 'name'), name='compensation_step_once')],
            },
        ),
        migrations.CreateModel(
            name='Panel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('meaning', models.CharField(choices=[('include', 'Only these workers'), ('exclude', 'Everybody but these')], default='include', max_length=8)),
                ('match', models.CharField(choices=[('all', 'all of these hold'), ('any', 'one of these holds')], default='all', max_length=4)),
                ('conditions', models.JSONField(default=list, help_text='See qualifications.conditions.')),
                ('state', models.CharField(choices=[('starting', 'Being made'), ('filling', 'Being filled'), ('on', 'Kept up to date'), ('paused', 'Paused'), ('deleting', 'Being deleted'), ('gone', 'Deleted')], default='starting', max_length=10)),
                ('problem', models.CharField(blank=True, help_text='Why it stands still.', max_length=400)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('phase', models.CharField(blank=True, max_length=8)),
                ('cursor', models.BigIntegerField(default=0)),
                ('looked_at', models.PositiveIntegerField(default=0)),
                ('to_look_at', models.PositiveIntegerField(default=0)),
                ('checked_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Up to when time alone was taken into account.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='panels', to='dashboard.account')),
                ('command', models.ForeignKey(blank=True, help_text='Makes or deletes it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.command')),
                ('job', models.ForeignKey(blank=True, help_text='The last one it began.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.job')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('qualification_type', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='panel', to='qualifications.qualificationtype')),
            ],
            options={
                'ordering': ['-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'gone'), _negated=True), fields=('account', 'name'), name='panel_name_once')],
            },
        ),
        migrations.CreateModel(
            name='QualificationRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_id', models.CharField(max_length=64)),
                ('worker_id', models.CharField(max_length=64)),
                ('test', models.TextField(blank=True, help_text='The test as this worker saw it.')),
                ('answer', models.TextField(blank=True, help_text='The QuestionFormAnswers document as it came.')),
                ('submitted_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('pending', 'Waits'), ('granted', 'Granted'), ('rejected', 'Rejected'), ('gone', 'Gone')], default='pending', max_length=10)),
                ('score', models.IntegerField(blank=True, help_text='What our answer key makes of the answers.', null=True)),
                ('value', models.IntegerField(blank=True, help_text='The value it was granted with.', null=True)),
                ('reason', models.TextField(blank=True, help_text='Why it was rejected.')),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('raw', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('synced_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='qualification_requests', to='dashboard.account')),
                ('decision', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='qualification_requests', to='dashboard.command')),
                ('qualification_type', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='qualifications.qualificationtype')),
            ],
            options={
                'verbose_name': 'request for a qualification',
                'verbose_name_plural': 'requests for qualifications',
                'indexes': [models.Index(condition=models.Q(('decision', None), ('state', 'pending')), fields=['account', 'submitted_at', 'id'], name='qualification_request_waiting'), models.Index(fields=['account', 'state', 'submitted_at', 'id'], name='qualification_request_state'), models.Index(fields=['qualification_type', 'state'], name='qualification_request_type'), models.Index(fields=['account', 'worker_id'], name='qualification_request_worker')],
                'constraints': [models.UniqueConstraint(fields=('account', 'request_id'), name='qualification_request_once')],
            },
        ),
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('value', models.IntegerField(default=1)),
                ('status', models.CharField(choices=[('Granted', 'Has it'), ('Revoked', 'Had it')], default='Granted', max_length=8)),
                ('granted_at', models.DateTimeField()),
                ('synced_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='dashboard.account')),
                ('qualification_type', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='scores', to='qualifications.qualificationtype')),
            ],
            options={
                'indexes': [models.Index(fields=['qualification_type', 'status', 'worker_id', 'id'], name='score_by_worker'), models.Index(fields=['qualification_type', 'status', '-granted_at', '-id'], name='score_by_time'), models.Index(fields=['qualification_type', 'status', 'value', 'id'], name='score_by_value'), models.Index(fields=['account', 'worker_id'], name='score_of_worker')],
                'constraints': [models.UniqueConstraint(fields=('qualification_type', 'worker_id'), name='score_once')],
            },
        ),
        migrations.CreateModel(
            name='Sheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('paste', 'pasted list'), ('file', 'file'), ('selection', 'selection of workers')], max_length=10)),
                ('name', models.CharField(help_text='Name of the file, or words for the selection.', max_length=200)),
                ('notify', models.BooleanField(default=False, help_text='Workers who are granted a qualification are told.')),
                ('reason', models.TextField(blank=True, help_text='Told to those it is taken from; empty: nothing.', max_length=1024)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('complete', models.BooleanField(default=False, help_text='All its lines are here.')),
                ('notes', models.JSONField(default=list, help_text='Sentences about the file as a whole.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sheets', to='dashboard.account')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('qualification_type', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='qualifications.qualificationtype')),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='Which line of the list or file.')),
                ('act', models.CharField(choices=[('grant', 'Grant'), ('revoke', 'Revoke'), ('block', 'Block'), ('unblock', 'Unblock')], max_length=8)),
                ('worker_id', models.CharField(help_text="As typed, where it is no worker's id.", max_length=100)),
                ('column', models.CharField(blank=True, help_text='Of a file: the column it stood in.', max_length=240)),
                ('typed', models.CharField(blank=True, help_text='What stood there.', max_length=200)),
                ('value', models.IntegerField(blank=True, null=True)),
                ('reason', models.TextField(blank=True, max_length=1024)),
                ('verdict', models.CharField(choices=[('ready', 'Can be done'), ('same', 'Nothing to do'), ('bad', 'Cannot be done')], max_length=6)),
                ('sentence', models.CharField(help_text='What would happen, or why it cannot.', max_length=400)),
                ('key', models.CharField(blank=True, help_text="The command's exclusive key.", max_length=140)),
                ('command', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.command')),
                ('qualification_type', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='qualifications.qualificationtype')),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='qualifications.sheet')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['sheet', 'verdict', 'id'], name='line_by_verdict'), models.Index(condition=models.Q(('key', ''), _negated=True), fields=['sheet', 'key'], name='line_by_key')],
            },
        ),
        migrations.CreateModel(
            name='PanelMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('wanted', models.BooleanField(default=False, help_text='Belongs to it, as far as we know.')),
                ('why', models.CharField(blank=True, help_text='What was seen, in one sentence.', max_length=400)),
                ('pinned', models.CharField(blank=True, choices=[('', 'by the conditions'), ('in', 'put in by hand'), ('out', 'kept out by hand')], default='', max_length=3)),
                ('since', models.DateTimeField(blank=True, help_text='The moment from which it was so.', null=True)),
                ('until', models.DateTimeField(blank=True, help_text='Of one who does not belong any more.', null=True)),
                ('held', models.BooleanField(default=False, help_text="Has the panel's qualification at MTurk.")),
                ('problem', models.CharField(blank=True, help_text='Why MTurk was not told.', max_length=400)),
                ('command', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.command')),
                ('panel', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='qualifications.panel')),
            ],
            options={
                'indexes': [models.Index(fields=['panel', 'wanted', 'worker_id', 'id'], name='panel_member_by_worker'), models.Index(condition=models.Q(('command', None), ('problem', ''), models.Q(models.Q(('held', False), ('wanted', True)), models.Q(('held', True), ('wanted', False)), _connector='OR')), fields=['panel', 'id'], name='panel_member_due'), models.Index(fields=['worker_id'], name='panel_member_of_worker')],
                'constraints': [models.UniqueConstraint(fields=('panel', 'worker_id'), name='panel_member_once')],
            },
        ),
    ]
