//! What keeps data and secrets.

use super::{clean, get, known, to};
use crate::inventory::compute::Function;
use crate::inventory::data::{Bucket, Cache, Database, Queue};
use crate::inventory::secrets::{Parameter, Rotation, Secret};
use crate::value::Value;

#[test]
fn data_is_kept_with_what_stands_apart_from_it() {
    let inventory = clean(
        "resource \"random_password\" \"it\" {}
         resource \"aws_secretsmanager_secret\" \"it\" { name = \"it\" }
         resource \"aws_secretsmanager_secret_version\" \"it\" {
           secret_id     = aws_secretsmanager_secret.it.id
           secret_string = jsonencode({ password = random_password.it.result })
         }
         resource \"aws_secretsmanager_secret\" \"written\" {}
         resource \"aws_secretsmanager_secret_version\" \"written\" {
           secret_id     = aws_secretsmanager_secret.written.id
           secret_string = \"hunter2\"
         }
         resource \"aws_secretsmanager_secret_rotation\" \"it\" {
           secret_id = aws_secretsmanager_secret_version.it.secret_id
           rotation_rules { schedule_expression = \"rate(30 days)\" }
         }
         resource \"aws_secretsmanager_secret_rotation\" \"managed\" { secret_id = aws_db_instance.it.master_user_secret[0].secret_arn }
         resource \"aws_secretsmanager_secret_rotation\" \"elsewhere\" { secret_id = \"arn:aws:secretsmanager:us-east-1:123456789012:secret:x\" }
         resource \"aws_s3_bucket\" \"it\" {}
         resource \"aws_s3_bucket_public_access_block\" \"it\" {
           bucket            = aws_s3_bucket.it.bucket
           block_public_acls = true
         }
         resource \"aws_elasticache_replication_group\" \"it\" {
           node_type               = \"cache.t4g.micro\"
           num_node_groups         = 2
           replicas_per_node_group = 1
         }
         resource \"aws_db_instance\" \"it\" {
           password             = random_password.it.result
           publicly_accessible  = false
         }
         resource \"aws_sqs_queue\" \"dead\" {}
         resource \"aws_sqs_queue\" \"it\" { redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 }) }",
    );
    let secret: &Secret = get(&inventory, "aws_secretsmanager_secret.it");
    assert!(secret.written_value.is_unknown());
    assert_eq!(get::<Secret>(&inventory, "aws_secretsmanager_secret.written").written_value, known("hunter2"));
    let rotation: &Rotation = get(&inventory, "aws_secretsmanager_secret_rotation.it");
    assert_eq!((&rotation.function, rotation.is_hosted), (&Value::Absent, false));
    assert!(get::<Rotation>(&inventory, "aws_secretsmanager_secret_rotation.managed").is_hosted, "AWS rotates what it manages");
    assert!(get::<Rotation>(&inventory, "aws_secretsmanager_secret_rotation.elsewhere").function.is_unknown());
    assert_eq!((&rotation.secret, &rotation.days), (&to("aws_secretsmanager_secret.it"), &Value::Known(30.0)));
    assert_eq!(get::<Bucket>(&inventory, "aws_s3_bucket.it").public_access_blocked, Value::Known(false));
    assert_eq!(get::<Cache>(&inventory, "aws_elasticache_replication_group.it").nodes, Value::Known(4.0));
    assert_eq!(get::<Database>(&inventory, "aws_db_instance.it").password, Value::Unknown("it comes from random_password.it".to_owned()));
    assert_eq!(get::<Queue>(&inventory, "aws_sqs_queue.it").dead_letters, to("aws_sqs_queue.dead"));
}

#[test]
fn a_secret_that_is_made_up_is_not_written_down_and_a_partly_known_one_is_unknown() {
    let inventory = clean(
        "variable \"user\" {}
         resource \"random_password\" \"it\" {}
         resource \"aws_secretsmanager_secret\" \"whole\" {}
         resource \"aws_secretsmanager_secret_version\" \"whole\" {
           secret_id     = aws_secretsmanager_secret.whole.id
           secret_string = random_password.it.result
         }
         resource \"aws_secretsmanager_secret\" \"part\" {}
         resource \"aws_secretsmanager_secret_version\" \"part\" {
           secret_id     = aws_secretsmanager_secret.part.id
           secret_string = \"${var.user}:${random_password.it.result}\"
         }",
    );
    assert!(get::<Secret>(&inventory, "aws_secretsmanager_secret.whole").written_value.is_absent());
    assert!(get::<Secret>(&inventory, "aws_secretsmanager_secret.part").written_value.is_unknown());
    assert_eq!(inventory.unrecognised, []);
}

#[test]
fn a_secret_is_written_down_though_a_part_beside_it_is_not_known_and_no_reason_repeats_it() {
    let inventory = clean(
        "resource \"aws_db_instance\" \"it\" { password = \"hunter2-${aws_vpc.it.owner_id}\" }
         resource \"aws_vpc\" \"it\" {}
         resource \"aws_secretsmanager_secret\" \"it\" {}
         resource \"aws_secretsmanager_secret_version\" \"it\" {
           secret_id     = aws_secretsmanager_secret.it.id
           secret_string = jsonencode({ username = \"admin\", password = \"hunter2\", host = aws_db_instance.it.address })
         }
         resource \"aws_ssm_parameter\" \"it\" { value = \"postgres://admin:hunter2@${aws_db_instance.it.address}/app\" }
         resource \"aws_lambda_function\" \"it\" {
           environment { variables = { DB_PASSWORD = \"hunter2-${aws_db_instance.it.port}\" } }
         }",
    );
    assert_eq!(get::<Secret>(&inventory, "aws_secretsmanager_secret.it").written_value, known("hunter2"));
    assert_eq!(get::<Parameter>(&inventory, "aws_ssm_parameter.it").written_value, known("hunter2"));
    assert_eq!(get::<Database>(&inventory, "aws_db_instance.it").password, known("hunter2-"));
    let why = "it depends on what is known only at deployment: aws_db_instance.it.port";
    assert_eq!(get::<Function>(&inventory, "aws_lambda_function.it").environment["DB_PASSWORD"], Value::Unknown(why.to_owned()));
}

#[test]
fn a_replica_or_restored_database_is_as_what_it_is_made_of() {
    let inventory = clean(
        "resource \"aws_db_instance\" \"primary\" {
           identifier              = \"primary\"
           engine                  = \"postgres\"
           allocated_storage       = 20
           storage_encrypted       = true
           backup_retention_period = 7
         }
         resource \"aws_db_instance\" \"replica\" { replicate_source_db = aws_db_instance.primary.identifier }
         resource \"aws_db_instance\" \"named\" { replicate_source_db = \"primary\" }
         resource \"aws_db_instance\" \"restored\" { snapshot_identifier = \"before\" }",
    );
    for replica in ["replica", "named"] {
        let replica: &Database = get(&inventory, &format!("aws_db_instance.{replica}"));
        assert_eq!((&replica.engine, &replica.storage_gb, &replica.encrypted), (&known("postgres"), &Value::Known(20.0), &Value::Known(true)));
        assert_eq!(replica.backup_days, Value::Known(7.0));
    }
    let restored: &Database = get(&inventory, "aws_db_instance.restored");
    assert!(restored.engine.is_unknown() && restored.encrypted.is_unknown() && restored.class.is_absent());
}

#[test]
fn a_group_of_caches_counts_its_members_and_their_shards() {
    let inventory = clean(
        "resource \"aws_elasticache_replication_group\" \"valkey\" { engine = \"valkey\" }
         resource \"aws_elasticache_cluster\" \"replica\" { replication_group_id = aws_elasticache_replication_group.valkey.id }
         resource \"aws_elasticache_replication_group\" \"shards\" {
           cluster_mode {
             num_node_groups         = 3
             replicas_per_node_group = 2
           }
         }
         resource \"aws_elasticache_cluster\" \"elsewhere\" { replication_group_id = \"other\" }",
    );
    let valkey: &Cache = get(&inventory, "aws_elasticache_replication_group.valkey");
    assert_eq!((&valkey.nodes, &valkey.encrypted_at_rest), (&Value::Known(2.0), &Value::Known(true)));
    let shards: &Cache = get(&inventory, "aws_elasticache_replication_group.shards");
    assert_eq!((&shards.nodes, &shards.encrypted_at_rest), (&Value::Known(9.0), &Value::Absent));
    assert!(inventory.resource("aws_elasticache_cluster.replica").is_none() && inventory.unrecognised.is_empty());
    assert!(get::<Cache>(&inventory, "aws_elasticache_cluster.elsewhere").encrypted_at_rest.is_unknown());
}
