"""All tables at once, for a database that has none: nine migrations one by one take as long as everything else a start does."""

from importlib import import_module

import django.contrib.auth.models
import django.contrib.auth.validators
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

_cache_table = import_module("dashboard.migrations.0002_cache_table")


class Migration(migrations.Migration):

    replaces = [('dashboard', '0001_initial'), ('dashboard', '0002_cache_table'), ('dashboard', '0003_audit_check'), ('dashboard', '0004_jobs_budget_rate'), ('dashboard', '0005_release_of_jobs'), ('dashboard', '0006_heartbeat'), ('dashboard', '0007_drift'), ('dashboard', '0008_keys_of_a_person'), ('dashboard', '0009_release_of_blocks')]

    initial = True

    dependencies = [('auth', '0012_alter_user_first_name_max_length')]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.CharField(help_text="The account's slug, or 'server'.", max_length=40)),
                ('number', models.PositiveBigIntegerField()),
                ('at', models.DateTimeField()),
                ('actor', models.CharField(help_text="A user name; 'system'; or 'elsewhere'.", max_length=150)),
                ('kind', models.CharField(max_length=60)),
                ('subject', models.CharField(blank=True, max_length=120)),
                ('text', models.TextField(blank=True)),
                ('data', models.JSONField(default=dict)),
                ('command_id', models.UUIDField(null=True)),
                ('request_id', models.CharField(blank=True, max_length=80)),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['-number'],
                'indexes': [models.Index(fields=['chain', 'subject'], name='audit_by_subject'), models.Index(fields=['chain', 'actor', '-number'], name='audit_by_actor'), models.Index(fields=['chain', 'kind', '-number'], name='audit_by_kind')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'number'), name='audit_number_once')],
            },
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('chain', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('number', models.PositiveBigIntegerField(default=0)),
                ('hash', models.CharField(blank=True, max_length=64)),
                ('checked_at', models.DateTimeField(null=True)),
                ('checked_number', models.PositiveBigIntegerField(default=0)),
                ('fault', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('time_zone', models.CharField(blank=True, help_text="An IANA name such as Europe/Vienna; empty means the browser's.", max_length=64)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ('keys', models.JSONField(blank=True, default=dict, help_text='Action of the workbench: the key this person chose.')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('environment', models.CharField(default='marketplace', max_length=16)),
                ('endpoint_url', models.CharField(blank=True, help_text="Empty means AWS's own endpoint of the environment.", max_length=200)),
                ('region', models.CharField(default='us-east-1', max_length=32)),
                ('credentials', models.CharField(default='keys', max_length=16)),
                ('credentials_reference', models.CharField(blank=True, help_text='Name of the profile, ARN of the role, or prefix of the variables.', max_length=200)),
                ('access_key_id', models.CharField(blank=True, max_length=128)),
                ('secret_encrypted', models.TextField(blank=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('undo_seconds', models.PositiveSmallIntegerField(blank=True, help_text="Empty means the server's default.", null=True)),
                ('release_rejections', models.BooleanField(default=False, help_text="Rejections wait for an approver's release.")),
                ('release_bonus_above', models.DecimalField(blank=True, decimal_places=2, help_text="Bonuses above this amount need a second person whoever asks. A reviewer's bonus always does.", max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('available_balance', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('on_hold_balance', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('balance_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.TextField(blank=True)),
                ('problem_since', models.DateTimeField(blank=True, null=True)),
                ('problem_count', models.PositiveIntegerField(default=0)),
                ('retry_at', models.DateTimeField(blank=True, null=True)),
                ('budget_cap', models.DecimalField(blank=True, decimal_places=2, help_text='US dollars with fees that may be spent through this desk. Empty: no cap.', max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('committed', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('rate_at', models.DateTimeField(null=True)),
                ('rate_cap', models.FloatField(blank=True, help_text='Calls a second at most. Empty: as fast as the endpoint allows; at AWS it begins at 10.', null=True, validators=[django.core.validators.MinValueValidator(0.1)])),
                ('rate_halved_at', models.DateTimeField(null=True)),
                ('rate_now', models.FloatField(help_text='Empty: not limited.', null=True)),
                ('rate_tokens', models.FloatField(default=0)),
                ('release_job_above', models.DecimalField(blank=True, decimal_places=2, help_text='Bulk jobs that cost more than this, fees included, need a second person whoever asks.', max_digits=14, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('release_blocks', models.BooleanField(default=False, help_text="Blocking a worker waits for an approver's release, whoever asks.")),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(help_text='The kind of its commands.', max_length=40)),
                ('title', models.CharField(max_length=200)),
                ('selection', models.JSONField(help_text='Which rows: a filter as in a URL, or a list of ids.')),
                ('options', models.JSONField(default=dict, help_text='What to do with each: feedback, amount, reason …')),
                ('state', models.CharField(default='preparing', max_length=12)),
                ('needs_release', models.BooleanField(default=False)),
                ('form_key', models.UUIDField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('beat_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Last sign of life of whoever prepares it.')),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('expected', models.PositiveIntegerField(default=0, help_text='How many the dry run counted.')),
                ('cursor', models.CharField(blank=True, help_text='Where preparing goes on after an interruption.', max_length=80)),
                ('total', models.PositiveIntegerField(default=0, help_text='Commands made.')),
                ('skipped', models.PositiveIntegerField(default=0)),
                ('skipped_why', models.JSONField(default=dict, help_text='Sentence -> how many were left out for it.')),
                ('amount', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('fee', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('error', models.TextField(blank=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='dashboard.account')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs_decided', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs_requested', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(fields=['account', 'state', '-created_at'], name='job_by_state')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('form_key__isnull', False)), fields=('account', 'form_key'), name='one_job_per_form')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.PositiveSmallIntegerField(choices=[(1, 'viewer'), (2, 'reviewer'), (3, 'approver'), (4, 'manager')], default=2)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='dashboard.account')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'user'), name='one_role_per_account')],
            },
        ),
        migrations.CreateModel(
            name='SyncRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('full', models.BooleanField(default=False, help_text='Every HIT, not only those that moved; bonuses too.')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('beat_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Last sign of life.')),
                ('finished_at', models.DateTimeField(null=True)),
                ('step', models.CharField(blank=True, max_length=60)),
                ('total', models.PositiveIntegerField(default=0, help_text='HITs whose assignments are to be read.')),
                ('done', models.PositiveIntegerField(default=0)),
                ('hits_seen', models.PositiveIntegerField(default=0)),
                ('assignments_seen', models.PositiveIntegerField(default=0)),
                ('calls', models.PositiveIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sync_runs', to='dashboard.account')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-started_at'],
                'indexes': [models.Index(fields=['account', '-started_at'], name='syncrun_by_time')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('account',), name='one_running_sync_per_account')],
            },
        ),
        migrations.CreateModel(
            name='Command',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('params', models.JSONField(help_text="Exactly the API's request.")),
                ('assignment_id', models.CharField(blank=True, max_length=64)),
                ('hit_id', models.CharField(blank=True, max_length=64)),
                ('worker_id', models.CharField(blank=True, max_length=64)),
                ('amount', models.DecimalField(decimal_places=2, default=0, help_text='US dollars to the worker.', max_digits=12)),
                ('fee', models.DecimalField(decimal_places=2, default=0, max_digits=12)),
                ('note', models.TextField(blank=True, help_text='Why, in the words of whoever asked.')),
                ('state', models.CharField(default='queued', max_length=12)),
                ('exclusive_key', models.CharField(blank=True, max_length=120)),
                ('form_key', models.UUIDField(blank=True, null=True)),
                ('not_before', models.DateTimeField(default=django.utils.timezone.now)),
                ('waiting_for', models.CharField(blank=True, max_length=200)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('asks', models.PositiveSmallIntegerField(default=0, help_text='How often MTurk was asked in vain what became of it.')),
                ('claim', models.UUIDField(help_text='Which claiming worker holds it.', null=True)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('first_sent_at', models.DateTimeField(help_text='Age of the idempotency token at MTurk.', null=True)),
                ('sent_at', models.DateTimeField(help_text='Committed just before the call of this claim.', null=True)),
                ('error_code', models.CharField(blank=True, max_length=120)),
                ('error_message', models.TextField(blank=True)),
                ('request_id', models.CharField(blank=True, max_length=80)),
                ('response', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('decided_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commands', to='dashboard.account')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='commands_decided', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='commands_requested', to=settings.AUTH_USER_MODEL)),
                ('job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='commands', to='dashboard.job')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['account', 'not_before'], name='command_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['claimed_until'], name='command_sending'), models.Index(fields=['account', 'state', '-created_at', '-id'], name='command_by_state'), models.Index(fields=['account', '-created_at', '-id'], name='command_by_time'), models.Index(fields=['account', 'assignment_id'], name='command_by_assignment'), models.Index(fields=['account', 'worker_id'], name='command_by_worker'), models.Index(fields=['account', 'hit_id'], name='command_by_hit'), models.Index(fields=['job', 'state'], name='command_by_job'), models.Index(condition=models.Q(('state', 'queued')), fields=['account', 'job', 'not_before'], name='command_due_job')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['proposed', 'queued', 'sending', 'unknown', 'attention']), models.Q(('exclusive_key', ''), _negated=True)), fields=('account', 'exclusive_key'), name='one_open_command_per_key'), models.UniqueConstraint(condition=models.Q(('form_key__isnull', False)), fields=('account', 'form_key'), name='one_command_per_form'), models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('fee__gte', 0)), name='command_money_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Drift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(help_text='The same difference found again is the same row.', max_length=200)),
                ('kind', models.CharField(max_length=40)),
                ('assignment_id', models.CharField(blank=True, max_length=64)),
                ('hit_id', models.CharField(blank=True, max_length=64)),
                ('worker_id', models.CharField(blank=True, max_length=64)),
                ('amount', models.DecimalField(decimal_places=2, default=0, help_text='US dollars it is about.', max_digits=14)),
                ('sentence', models.TextField(help_text='What differs.')),
                ('advice', models.TextField(help_text='What to do about it.')),
                ('found_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now, help_text='The last comparison that found it.')),
                ('gone_at', models.DateTimeField(help_text='The first comparison that no longer found it.', null=True)),
                ('dismissed_at', models.DateTimeField(null=True)),
                ('dismissed_why', models.TextField(blank=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drift', to='dashboard.account')),
                ('command', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='drift', to='dashboard.command')),
                ('dismissed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'drift',
                'ordering': ['-found_at', '-pk'],
                'indexes': [models.Index(fields=['account', '-found_at', '-id'], name='drift_by_time'), models.Index(condition=models.Q(('dismissed_at', None), ('gone_at', None)), fields=['account', '-found_at', '-id'], name='drift_open')],
                'constraints': [models.UniqueConstraint(fields=('account', 'key'), name='drift_once')],
            },
        ),
        migrations.AddField(
            model_name='Account',
            name='latest_sync',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='dashboard.syncrun'),
        ),
        migrations.RunPython(_cache_table.create, migrations.RunPython.noop),
    ]
