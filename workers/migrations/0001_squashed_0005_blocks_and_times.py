"""All tables at once, for a database that has none: five migrations one by one take as long as everything else a start does."""

import datetime
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('workers', '0001_initial'), ('workers', '0002_drift'), ('workers', '0003_people_blocks_messages'), ('workers', '0004_bonuses_paid_before'), ('workers', '0005_blocks_and_times')]

    initial = True

    dependencies = [('dashboard', '0009_release_of_blocks'), ('hits', '0015_findings_by_state')]

    operations = [
        migrations.CreateModel(
            name='BatchTimes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('took', models.JSONField(default=dict)),
                ('timed', models.PositiveIntegerField(default=0)),
                ('typical_seconds', models.IntegerField(default=-1)),
                ('batch', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='times', to='hits.batch')),
            ],
            options={
                'verbose_name_plural': 'batch times',
            },
        ),
        migrations.CreateModel(
            name='BonusPayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('assignment_id', models.CharField(max_length=64)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12)),
                ('reason', models.TextField(blank=True)),
                ('granted_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bonus_payments', to='dashboard.account')),
                ('command', models.OneToOneField(blank=True, help_text='Empty: paid elsewhere.', null=True, on_delete=django.db.models.deletion.PROTECT, to='dashboard.command')),
                ('listed_at', models.DateTimeField(help_text="When a full sync last read it in MTurk's own list.", null=True)),
            ],
            options={
                'ordering': ['-granted_at'],
                'indexes': [models.Index(fields=['account', 'worker_id', '-granted_at'], name='bonus_by_worker'), models.Index(fields=['account', 'assignment_id'], name='bonus_by_assignment')],
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('subject', models.TextField(max_length=1000)),
                ('text', models.TextField(max_length=10000)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='dashboard.account')),
                ('job', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='message', to='dashboard.job')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
                'indexes': [models.Index(fields=['account', '-made_at', '-id'], name='message_by_time')],
            },
        ),
        migrations.CreateModel(
            name='SoftBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('reason', models.TextField(blank=True, max_length=1000)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateTimeField(blank=True, help_text='When to look at it again; it does not end by itself.', null=True)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='soft_blocks', to='dashboard.account')),
                ('batch', models.ForeignKey(blank=True, help_text='Only in this batch.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hits.batch')),
                ('hit_type', models.ForeignKey(blank=True, help_text='Only in this HIT type.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hits.hittype')),
                ('lifted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'worker_id'], name='soft_block_by_worker'), models.Index(condition=models.Q(('lifted_at', None)), fields=['account', 'made_at', 'id'], name='soft_block_standing'), models.Index(condition=models.Q(('lifted_at', None)), fields=['account', 'until'], name='soft_block_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('batch', None), ('hit_type', None), ('lifted_at', None)), fields=('account', 'worker_id'), name='soft_block_once'), models.UniqueConstraint(condition=models.Q(('batch__isnull', False), ('lifted_at', None)), fields=('account', 'worker_id', 'batch'), name='soft_block_of_batch_once'), models.UniqueConstraint(condition=models.Q(('hit_type__isnull', False), ('lifted_at', None)), fields=('account', 'worker_id', 'hit_type'), name='soft_block_of_type_once'), models.CheckConstraint(condition=models.Q(('batch', None), ('hit_type', None), _connector='OR'), name='soft_block_of_batch_or_type')],
            },
        ),
        migrations.CreateModel(
            name='Worker',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('answers', models.PositiveIntegerField(default=0, help_text='Handed in, whatever became of them.')),
                ('submitted', models.PositiveIntegerField(default=0, help_text='Handed in and not yet decided.')),
                ('approved', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('decided', models.PositiveIntegerField(default=0, help_text='Approved or rejected.')),
                ('approval', models.SmallIntegerField(default=-1, help_text='Approved of those decided, in thousandths.')),
                ('first_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('last_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))),
                ('seconds', models.PositiveBigIntegerField(default=0, help_text='Sum of the time taken.')),
                ('timed', models.PositiveIntegerField(default=0, help_text='How many answers the sum is of.')),
                ('took', models.JSONField(default=dict, help_text='Step of the scale of times: how many answers took that long.')),
                ('typical_seconds', models.IntegerField(default=-1, help_text='The median, to within a step of the scale.')),
                ('gold_sum', models.PositiveBigIntegerField(default=0, help_text='Sum of Assignment.gold_score.')),
                ('gold_count', models.PositiveIntegerField(default=0)),
                ('gold', models.SmallIntegerField(default=-1, help_text='Percent, on average.')),
                ('agreement_sum', models.PositiveBigIntegerField(default=0, help_text='Sum of Assignment.agreement.')),
                ('agreement_count', models.PositiveIntegerField(default=0)),
                ('agreement', models.SmallIntegerField(default=-1, help_text='Percent, on average.')),
                ('bonus_total', models.DecimalField(decimal_places=2, default=0, help_text='US dollars, without fees.', max_digits=14)),
                ('bonus_count', models.PositiveIntegerField(default=0)),
                ('note_count', models.PositiveIntegerField(default=0)),
                ('blocked', models.BooleanField(default=False, help_text='Has a WorkerBlock that stands.')),
                ('soft_blocked', models.BooleanField(default=False, help_text='Has a SoftBlock that stands, of whatever extent.')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='workers', to='dashboard.account')),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'last_at', 'id'], name='worker_by_last'), models.Index(fields=['account', 'answers', 'id'], name='worker_by_answers'), models.Index(fields=['account', 'decided', 'id'], name='worker_by_decided'), models.Index(fields=['account', 'approval', 'id'], name='worker_by_approval'), models.Index(fields=['account', 'rejected', 'id'], name='worker_by_rejected'), models.Index(fields=['account', 'typical_seconds', 'id'], name='worker_by_time'), models.Index(fields=['account', 'gold', 'id'], name='worker_by_gold'), models.Index(fields=['account', 'agreement', 'id'], name='worker_by_agreement'), models.Index(fields=['account', 'bonus_total', 'id'], name='worker_by_bonus'), models.Index(condition=models.Q(('blocked', True)), fields=['account', 'id'], name='worker_blocked'), models.Index(condition=models.Q(('soft_blocked', True)), fields=['account', 'id'], name='worker_soft_blocked')],
                'constraints': [models.UniqueConstraint(fields=('account', 'worker_id'), name='worker_once')],
            },
        ),
        migrations.CreateModel(
            name='WorkerBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('reason', models.TextField(blank=True, help_text='Ours; the worker does not see it.')),
                ('blocked_at', models.DateTimeField(blank=True, help_text='Of one made elsewhere: when it was first seen. Empty: asked for, not yet made.', null=True)),
                ('until', models.DateTimeField(blank=True, help_text='When to lift it; nothing lifts it by itself.', null=True)),
                ('lifted_at', models.DateTimeField(blank=True, null=True)),
                ('synced_at', models.DateTimeField(help_text="When MTurk's own list last named it.", null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='worker_blocks', to='dashboard.account')),
                ('command', models.ForeignKey(blank=True, help_text='Empty: made elsewhere.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.command')),
                ('reminded_at', models.DateTimeField(blank=True, help_text='When its lifting was proposed.', null=True)),
                ('stale', models.BooleanField(default=False, help_text="Changed since MTurk's list was last read.")),
                ('until_by', models.ForeignKey(blank=True, help_text='Who wants it lifted then.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('lifted_at', None)), fields=['account', 'until'], name='worker_block_due'), models.Index(condition=models.Q(('blocked_at__isnull', False), ('lifted_at', None)), fields=['account', 'blocked_at', 'id'], name='worker_block_standing'), models.Index(condition=models.Q(('stale', True)), fields=['account'], name='worker_block_stale')],
                'constraints': [models.UniqueConstraint(fields=('account', 'worker_id'), name='worker_block_once')],
            },
        ),
        migrations.CreateModel(
            name='WorkerNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('text', models.TextField(max_length=2000)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='worker_notes', to='dashboard.account')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
                'indexes': [models.Index(fields=['account', 'worker_id', '-made_at'], name='worker_note_by_worker')],
            },
        ),
        migrations.CreateModel(
            name='MessageRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('worker_id', models.CharField(max_length=64)),
                ('outcome', models.CharField(choices=[('waiting', 'on its way'), ('sent', 'sent'), ('refused', 'not sent'), ('soft', 'could not be sent'), ('hard', 'cannot be sent'), ('unknown', 'nobody knows')], default='waiting', max_length=8)),
                ('why', models.TextField(blank=True, help_text="MTurk's words, where it was not sent.")),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
                ('command', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recipients', to='dashboard.command')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='workers.message')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['account', 'worker_id', '-made_at'], name='message_by_worker'), models.Index(fields=['message', 'outcome'], name='message_by_outcome')],
                'constraints': [models.UniqueConstraint(fields=('message', 'worker_id'), name='message_recipient_once')],
            },
        ),
        migrations.CreateModel(
            name='WorkerBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('submitted', models.PositiveIntegerField(default=0)),
                ('approved', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0)),
                ('seconds', models.PositiveBigIntegerField(default=0)),
                ('timed', models.PositiveIntegerField(default=0)),
                ('took', models.JSONField(default=dict)),
                ('typical_seconds', models.IntegerField(default=-1)),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='dashboard.account')),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='hits.batch')),
                ('worker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='batches', to='workers.worker')),
            ],
            options={
                'verbose_name_plural': 'worker batches',
                'indexes': [models.Index(fields=['batch', 'worker'], name='worker_batch_workers')],
                'constraints': [models.UniqueConstraint(fields=('worker', 'batch'), name='worker_batch_once')],
            },
        ),
        migrations.CreateModel(
            name='WorkerTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='worker_tags', to='dashboard.account')),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('worker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='workers.worker')),
            ],
            options={
                'ordering': ['name'],
                'indexes': [models.Index(fields=['account', 'name', 'worker'], name='worker_tag_workers')],
                'constraints': [models.UniqueConstraint(fields=('worker', 'name'), name='worker_tag_once')],
            },
        ),
    ]
