//! CloudFormation and SAM templates in, inventory out.

use infra::Value::{Absent, Known, Unknown};
use infra::inventory::OfKind;
use infra::inventory::api::{Api, Integration, Protocol, Route, Stage, UsagePlan};
use infra::inventory::balancing::{LoadBalancer, WebAcl};
use infra::inventory::compute::{BeanstalkEnvironment, CapacityProvider, Function, Instance, ScalingPolicy, ScalingTarget, Service, TaskDefinition};
use infra::inventory::data::{Cache, Database, DatabaseCluster, Queue, Table};
use infra::inventory::identity::{Policy, Role, User};
use infra::inventory::names::Record;
use infra::inventory::network::{ElasticIp, Endpoint, InternetGateway, RouteTable, SecurityGroup, Subnet};
use infra::inventory::observe::Budget;
use infra::inventory::secrets::{Rotation, Secret};
use infra::read::{Files, Options, read, read_files};
use infra::{Inventory, Link, Value};
use std::path::Path;

fn fixture(name: &str) -> Inventory {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name))
}

fn files(files: &[(&str, &str)]) -> Inventory {
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    read_files(&Files::in_memory(files), &Options::default())
}

/// The inventory of one template with these resources, given as YAML that begins in the first column.
fn resources(resources: &str) -> Inventory {
    let indented: String = resources.lines().map(|line| format!("  {line}\n")).collect();
    files(&[("t.yaml", &format!("Resources:\n{indented}"))])
}

fn template(text: &str) -> Inventory {
    files(&[("t.yaml", text)])
}

fn get<'a, T: OfKind>(inventory: &'a Inventory, id: &str) -> &'a T {
    let resource = inventory.resource(id).unwrap_or_else(|| panic!("no {id} among {:?}", ids(inventory)));
    T::of(&resource.kind).unwrap()
}

fn ids(inventory: &Inventory) -> Vec<&str> {
    inventory.resources.iter().map(|resource| resource.id.as_str()).collect()
}

fn messages(inventory: &Inventory) -> Vec<String> {
    let place = |line: Option<u32>| line.map_or(String::new(), |line| format!(":{line}"));
    inventory.problems.iter().map(|problem| format!("{}{}: {}", problem.file, place(problem.line), problem.message)).collect()
}

fn to(id: &str) -> Value<Link> {
    Known(Link::To(id.to_owned()))
}

fn text(text: &str) -> Value<String> {
    Known(text.to_owned())
}

fn why<T: std::fmt::Debug>(value: &Value<T>) -> &str {
    match value {
        Unknown(why) => why,
        told => panic!("{told:?} is told"),
    }
}

#[test]
fn a_service_on_fargate_is_read_with_its_nested_stack_and_imports() {
    let inventory = fixture("fargate/cloudformation");
    assert_eq!(messages(&inventory), [""; 0]);
    assert_eq!(inventory.unrecognised, []);
    assert_eq!(inventory.resources.len(), 30);

    let service: &Service = get(&inventory, "service/Service");
    assert_eq!(service.desired_count, Known(2.0));
    assert_eq!(service.public_ip, Known(true), "the condition on a parameter's default decides");
    assert_eq!(service.subnets, [to("service/Network/PublicA"), to("service/Network/PublicB")]);
    let (task, definition) = inventory.follow::<TaskDefinition>(&service.task_definition).unwrap();
    assert_eq!((task.origin.file.as_str(), task.origin.line, task.origin.path.as_str()), ("service.yaml", 160, "Resources.TaskDefinition"));
    assert_eq!((&definition.cpu, &definition.memory_mb), (&Known(512.0), &Known(1024.0)));
    assert_eq!(definition.architecture, text("X86_64"));
    let container = &definition.containers[0];
    assert_eq!(container.environment["ORCHESTRATOR_MODEL"], text("bedrock/us.anthropic.claude-haiku-5-5"));
    assert!(!container.environment.contains_key("RELEASE"), "AWS::NoValue is not there");
    assert!(why(&container.image).starts_with("`${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/${service/Repository}:latest`"));
    assert_eq!(container.secrets["API_KEY"], to("service/ApiKey"), "the field of a secret is still that secret");

    let subnet: &Subnet = get(&inventory, "service/Network/PublicB");
    assert_eq!((&subnet.cidr, &subnet.zone), (&text("10.0.1.0/24"), &text("${Fn::GetAZs[1]}")));
    assert_eq!(get::<LoadBalancer>(&inventory, "service/Balancer").subnets.len(), 2, "joined, passed on, and split again");
    assert_eq!(get::<Record>(&inventory, "service/Record").zone, to("shared/Zone"), "imported from the stack that exports it");
    assert_eq!(get::<Record>(&inventory, "service/Record").alias, to("service/Balancer"));
    assert_eq!(get::<ScalingTarget>(&inventory, "service/ScalingTarget").target, to("service/Service"));
    assert_eq!(get::<ScalingPolicy>(&inventory, "service/ScalingPolicy").scaling_target, to("service/ScalingTarget"));
    let role: &Role = get(&inventory, "service/TaskRole");
    let statement = &role.inline[0].known().unwrap().statements[0];
    let model = "arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/anthropic.claude-haiku-5-5";
    assert_eq!(statement.resources[0], Known(Link::Outside(model.to_owned())));
    assert_eq!(inventory.conditional["service/Alert"], "condition HasAlertAddress cannot be told: parameter AlertAddress has no default");
}

#[test]
fn a_region_that_is_given_is_known_everywhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fargate/cloudformation");
    let options = Options { region: Some("us-gov-west-1".to_owned()), account: Some("123456789012".to_owned()) };
    let inventory = read_files(&Files::of(&root), &options);
    let role: &Role = get(&inventory, "service/TaskRole");
    let model = "arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/anthropic.claude-haiku-5-5";
    assert_eq!(role.inline[0].known().unwrap().statements[0].resources[0], Known(Link::Outside(model.to_owned())));
    assert_eq!(inventory.resource("service/Network/Vpc").unwrap().region, text("us-gov-west-1"));
}

#[test]
fn functions_are_evaluated_or_unknown_with_the_reason() {
    let inventory = files(&[(
        "t.yaml",
        r#"
Parameters:
  Given: {Type: String}
  Sizes: {Type: CommaDelimitedList, Default: "small, large"}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /ami/latest}
Mappings:
  Types: {small: {Type: t3.small}, large: {Type: t3.large}}
  Same: {a: {X: 1}, b: {X: 1}}
Conditions:
  IsGiven: !Equals [!Ref Given, yes]
  Never: !And [!Condition IsGiven, !Equals [a, b]]
Resources:
  A:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables:
          MAP: !FindInMap [Types, !Select [1, !Ref Sizes], Type]
          AGREE: !FindInMap [Same, !Ref Given, X]
          DEFAULT: !FindInMap [Types, huge, Type, {DefaultValue: none}]
          LENGTH: !Length [a, b, c]
          JSON: !ToJsonString {a: [1, true, "x"]}
          SPLIT: !Select [2, !Split [":", "a:b:c"]]
          LITERAL: !Sub "${!Literal}-${Own}"
          NEVER: !If [Never, a, b]
          EQUAL: !If [IsGiven, same, same]
          GIVEN: !Ref Given
          EITHER: !If [IsGiven, a, b]
          SSM: !Ref Image
          SECRET: "{{resolve:secretsmanager:db:SecretString:password}}"
          INSIDE: !Sub "postgres://u:{{resolve:secretsmanager:${S}:SecretString:password}}@db"
          PART: !Sub "db-${Given}"
          MACRO: !Transform {Name: Mine}
          IMPORT: !ImportValue nowhere
  S: {Type: 'AWS::SecretsManager::Secret'}
"#,
    )]);
    let variables = &get::<Function>(&inventory, "t/A").environment;
    let told = [
        ("MAP", "t3.large"),
        ("AGREE", "1"),
        ("DEFAULT", "none"),
        ("LENGTH", "3"),
        ("JSON", r#"{"a":[1,true,"x"]}"#),
        ("SPLIT", "c"),
        ("NEVER", "b"),
        ("EQUAL", "same"),
    ];
    for (name, expected) in told {
        assert_eq!(variables[name], text(expected), "{name}");
    }
    let untold = [
        ("GIVEN", "parameter Given has no default"),
        ("EITHER", "condition IsGiven cannot be told: parameter Given has no default"),
        ("SSM", "parameter Image is read from Systems Manager at deployment: /ami/latest"),
        ("SECRET", "it is read from secretsmanager at deployment: {{resolve:secretsmanager:db:SecretString:password}}"),
        ("INSIDE", "it is read from secretsmanager at deployment: {{resolve:secretsmanager:${t/S}:SecretString:password}}"),
        ("PART", "`db-${Given}` depends on what is known only at deployment: parameter Given has no default"),
        ("MACRO", "a macro makes it (Fn::Transform)"),
        ("IMPORT", "it is imported as nowhere, which no template here exports"),
    ];
    for (name, expected) in untold {
        assert_eq!(why(&variables[name]), expected, "{name}");
    }
    assert_eq!(messages(&inventory), ["t.yaml:24: Own names no parameter and no resource of the template"]);
}

#[test]
fn a_resource_whose_condition_does_not_hold_is_not_there() {
    let inventory = files(&[(
        "t.yaml",
        "Parameters: {P: {Type: String}}\nConditions: {No: !Equals [a, b], Maybe: !Equals [!Ref P, x]}\nResources:\n  A: {Type: 'AWS::SQS::Queue', Condition: 'No'}\n  B: {Type: 'AWS::SQS::Queue', Condition: Maybe}\n  C: {Type: 'AWS::SQS::Queue', Properties: {RedrivePolicy: {deadLetterTargetArn: !GetAtt A.Arn}}}\n",
    )]);
    assert_eq!(ids(&inventory), ["t/B", "t/C"]);
    assert_eq!(inventory.conditional.keys().collect::<Vec<_>>(), ["t/B"]);
    assert_eq!(why(&get::<Queue>(&inventory, "t/C").dead_letters), "A is not there, by its condition");
}

#[test]
fn a_resource_that_only_a_default_leaves_out_is_told() {
    let inventory = template(
        "Parameters: {Stage: {Type: String, Default: dev}}\nConditions: {Prod: !Equals [!Ref Stage, prod], Big: !And [!Condition Prod, !Equals [a, a]], No: !Equals [a, b]}\nResources:\n  A: {Type: 'AWS::SQS::Queue', Condition: Big}\n  B: {Type: 'AWS::SQS::Queue', Condition: 'No'}\n",
    );
    let told: Vec<&str> = inventory.notices.iter().map(|notice| notice.message.as_str()).collect();
    assert_eq!(told, ["A is declared and left out: condition Big does not hold while Stage has its default, \"dev\""]);
    assert!(inventory.resources.is_empty() && inventory.problems.is_empty());
}

#[test]
fn conditions_that_are_made_of_each_other_are_told() {
    let inventory =
        template("Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition A]\nResources:\n  Q: {Type: 'AWS::SQS::Queue', Condition: A}\n");
    assert_eq!(messages(&inventory), ["t.yaml:2: condition A is made of itself"]);
}

#[test]
fn a_stack_whose_template_is_elsewhere_is_told() {
    let inventory =
        template("Resources:\n  N: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: 'https://b.s3.amazonaws.com/n.yaml'}}\n");
    assert!(inventory.problems.is_empty() && inventory.notices[0].message.starts_with("what t/N declares is not here and not seen"));
}

#[test]
fn parts_are_joined_to_what_they_belong_to() {
    let inventory = resources(
        r#"
Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
Gateway: {Type: 'AWS::EC2::InternetGateway'}
Attachment: {Type: 'AWS::EC2::VPCGatewayAttachment', Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
Routes: {Type: 'AWS::EC2::RouteTable', Properties: {VpcId: !Ref Vpc}}
Route: {Type: 'AWS::EC2::Route', Properties: {RouteTableId: !Ref Routes, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}}
Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: x, SecurityGroupIngress: [{IpProtocol: -1, CidrIp: 10.0.0.0/8, FromPort: 0, ToPort: 0}]}}
Rule: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !GetAtt Group.GroupId, IpProtocol: "6", FromPort: 22, ToPort: 22, CidrIpv6: "::/0"}}
Elsewhere: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: sg-1, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}
Box: {Type: 'AWS::EC2::Instance'}
Address: {Type: 'AWS::EC2::EIP'}
Association: {Type: 'AWS::EC2::EIPAssociation', Properties: {AllocationId: !GetAtt Address.AllocationId, InstanceId: !Ref Box}}
Role: {Type: 'AWS::IAM::Role'}
Inline: {Type: 'AWS::IAM::Policy', Properties: {Roles: [!Ref Role], PolicyDocument: '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'}}
Managed: {Type: 'AWS::IAM::ManagedPolicy', Properties: {Roles: [!Ref Role], PolicyDocument: {Statement: []}}}
Others: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: p, Roles: [elsewhere], PolicyDocument: {Statement: []}}}
Acl: {Type: 'AWS::WAFv2::WebACL', Properties: {Rules: [{}, {}]}}
Balancer: {Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer'}
Protection: {Type: 'AWS::WAFv2::WebACLAssociation', Properties: {WebACLArn: !GetAtt Acl.Arn, ResourceArn: !Ref Balancer}}
Db: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {}}}
DbAttachment: {Type: 'AWS::SecretsManager::SecretTargetAttachment', Properties: {SecretId: !Ref Db}}
Rotation: {Type: 'AWS::SecretsManager::RotationSchedule', Properties: {SecretId: !Ref DbAttachment, HostedRotationLambda: {RotationType: PostgreSQLSingleUser}, RotationRules: {ScheduleExpression: rate(30 days)}}}
Allowed: {Type: 'AWS::Lambda::Permission'}
New: {Type: 'AWS::Brand::New'}
"#,
    );
    assert_eq!(get::<InternetGateway>(&inventory, "t/Gateway").vpc, to("t/Vpc"));
    assert_eq!(get::<RouteTable>(&inventory, "t/Routes").routes[0].gateway, to("t/Gateway"));
    let group: &SecurityGroup = get(&inventory, "t/Group");
    assert_eq!((&group.ingress[0].protocol, &group.ingress[0].from_port), (&text("-1"), &Absent), "all protocols have no port");
    assert_eq!((&group.ingress[1].protocol, &group.ingress[1].cidr, group.ingress[1].line), (&text("tcp"), &text("::/0"), 9));
    assert_eq!(get::<ElasticIp>(&inventory, "t/Address").instance, to("t/Box"));
    let role: &Role = get(&inventory, "t/Role");
    assert_eq!(role.inline[0].known().unwrap().statements[0].actions, [text("s3:*")], "JSON in a text");
    assert_eq!(role.attached, [to("t/Managed")]);
    assert_eq!(get::<Policy>(&inventory, "t/Others").name, text("p"), "given to a role of elsewhere");
    let acl: &WebAcl = get(&inventory, "t/Acl");
    assert_eq!((acl.rules, &acl.protects[0]), (2, &to("t/Balancer")));
    let rotation: &Rotation = get(&inventory, "t/Rotation");
    assert_eq!((&rotation.secret, rotation.is_hosted, &rotation.days), (&to("t/Db"), true, &Known(30.0)));
    let unrecognised: Vec<&str> = inventory.unrecognised.iter().map(|resource| resource.id.as_str()).collect();
    assert_eq!(unrecognised, ["t/New"]);
}

#[test]
fn secrets_that_are_written_down_are_known_and_others_are_not() {
    let inventory = resources(
        r#"
Written: {Type: 'AWS::SecretsManager::Secret', Properties: {SecretString: hunter2}}
Made: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {}}}
Plain: {Type: 'AWS::RDS::DBInstance', Properties: {MasterUserPassword: hunter2, EngineVersion: 16.10}}
Resolved: {Type: 'AWS::RDS::DBInstance', Properties: {MasterUserPassword: !Sub '{{resolve:secretsmanager:${Made}:SecretString:password}}'}}
"#,
    );
    assert_eq!(get::<Secret>(&inventory, "t/Written").written_value, text("hunter2"));
    assert_eq!(get::<Secret>(&inventory, "t/Made").written_value, Absent);
    let plain: &Database = get(&inventory, "t/Plain");
    assert_eq!((&plain.password, &plain.engine_version), (&text("hunter2"), &text("16.10")));
    assert!(why(&get::<Database>(&inventory, "t/Resolved").password).contains("secretsmanager"));
}

#[test]
fn endpoints_user_data_and_beanstalk_settings_keep_what_is_known() {
    let inventory = resources(
        r##"
Endpoint: {Type: 'AWS::EC2::VPCEndpoint', Properties: {ServiceName: !Sub 'com.amazonaws.${AWS::Region}.bedrock-runtime'}}
Box:
  Type: AWS::EC2::Instance
  Properties:
    MetadataOptions: {HttpTokens: required}
    UserData: {'Fn::Base64': !Sub "#!/bin/sh\naws configure set region ${AWS::Region}\n"}
    BlockDeviceMappings: [{DeviceName: /dev/xvda, Ebs: {VolumeSize: 20, VolumeType: gp3, Encrypted: true}}]
Encoded: {Type: 'AWS::EC2::Instance', Properties: {UserData: IyEvYmluL3No}}
Template: {Type: 'AWS::ElasticBeanstalk::ConfigurationTemplate', Properties: {OptionSettings: [{Namespace: a, OptionName: x, Value: 1}, {Namespace: a, OptionName: y, Value: 2}]}}
Environment: {Type: 'AWS::ElasticBeanstalk::Environment', Properties: {TemplateName: !Ref Template, OptionSettings: [{Namespace: a, OptionName: x, Value: 3}]}}
"##,
    );
    assert_eq!(get::<Endpoint>(&inventory, "t/Endpoint").service, text("bedrock-runtime"));
    let instance: &Instance = get(&inventory, "t/Box");
    assert_eq!(instance.user_data, text("#!/bin/sh\naws configure set region ${AWS::Region}\n"));
    assert_eq!((&instance.metadata_token_required, &instance.volumes[0].size_gb), (&Known(true), &Known(20.0)));
    assert_eq!(get::<Instance>(&inventory, "t/Encoded").user_data, text("#!/bin/sh"));
    let settings = &get::<BeanstalkEnvironment>(&inventory, "t/Environment").settings;
    assert_eq!((&settings["a/x"], &settings["a/y"]), (&text("3"), &text("2")));
}

#[test]
fn rest_apis_are_read_from_methods_and_from_openapi() {
    let inventory = resources(
        r#"
Fn: {Type: 'AWS::Lambda::Function', Properties: {Timeout: 30}}
Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: a}}
Method:
  Type: AWS::ApiGateway::Method
  Properties:
    RestApiId: !Ref Api
    HttpMethod: POST
    ApiKeyRequired: true
    Integration:
      Type: AWS_PROXY
      TimeoutInMillis: 29000
      Uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"
Stage: {Type: 'AWS::ApiGateway::Stage', Properties: {RestApiId: !Ref Api, MethodSettings: [{HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 10}]}}
Plan: {Type: 'AWS::ApiGateway::UsagePlan', Properties: {ApiStages: [{ApiId: !Ref Api, Stage: v1}], Throttle: {RateLimit: 5}}}
Document:
  Type: AWS::ApiGateway::RestApi
  Properties:
    Body:
      paths:
        /ask:
          post: {security: [{api_key: []}], x-amazon-apigateway-integration: {uri: !GetAtt Fn.Arn}}
"#,
    );
    let route: &Route = get(&inventory, "t/Method");
    assert_eq!((&route.api, &route.key_required), (&to("t/Api"), &Known(true)));
    let integration: &Integration = get(&inventory, "t/Method/Integration");
    assert_eq!((&integration.target, &integration.timeout_ms), (&to("t/Fn"), &Known(29000.0)));
    assert_eq!(get::<Stage>(&inventory, "t/Stage").throttle_rate, Known(10.0));
    assert_eq!(get::<UsagePlan>(&inventory, "t/Plan").apis, [to("t/Api")]);
    let route: &Route = get(&inventory, "t/Document/POST /ask");
    assert_eq!((&route.route, &route.key_required), (&text("POST /ask"), &Known(true)));
    assert_eq!(get::<Integration>(&inventory, "t/Document/POST /ask/integration").target, to("t/Fn"));
}

#[test]
fn sam_brings_roles_routes_and_apis() {
    let inventory = files(&[(
        "template.yaml",
        r#"
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, MemorySize: 512, Environment: {Variables: {A: "1"}}}
  Api: {Auth: {ApiKeyRequired: true}}
Resources:
  Ask:
    Type: AWS::Serverless::Function
    Properties:
      MemorySize: 1024
      Tracing: Active
      Environment: {Variables: {B: "2"}}
      Policies:
        - AmazonBedrockReadOnly
        - Statement: [{Effect: Allow, Action: 'bedrock:InvokeModel', Resource: '*'}]
        - DynamoDBCrudPolicy: {TableName: !Ref State}
      FunctionUrlConfig: {AuthType: AWS_IAM}
      Events:
        Post: {Type: Api, Properties: {Path: /ask, Method: post}}
        Any: {Type: HttpApi}
        Tick: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  State: {Type: AWS::Serverless::SimpleTable}
  Reader: {Type: 'AWS::Lambda::Function', Properties: {Role: !GetAtt AskRole.Arn}}
"#,
    )]);
    assert_eq!(messages(&inventory), [""; 0]);
    let function: &Function = get(&inventory, "template/Ask");
    assert_eq!((&function.memory_mb, &function.runtime), (&Known(1024.0), &text("python3.13")));
    assert_eq!(function.environment.keys().collect::<Vec<_>>(), ["A", "B"]);
    let (_, role) = inventory.follow::<Role>(&function.role).unwrap();
    assert_eq!(role.attached.len(), 3, "basic execution, tracing, and the one that is named");
    assert_eq!(role.inline[0].known().unwrap().statements[0].actions, [text("bedrock:InvokeModel")]);
    assert_eq!(why(&role.inline[1]), "SAM makes it from its policy template DynamoDBCrudPolicy");
    assert_eq!(get::<Function>(&inventory, "template/Reader").role, function.role);
    let route: &Route = get(&inventory, "template/Ask/Events/Post");
    assert_eq!((&route.route, &route.key_required), (&text("POST /ask"), &Known(true)), "the API asks for a key of everyone");
    let (_, api) = inventory.follow::<Api>(&route.api).unwrap();
    assert_eq!(api.protocol, Protocol::Rest);
    let any: &Route = get(&inventory, "template/Ask/Events/Any");
    assert_eq!((&any.route, &any.key_required), (&text("$default"), &Absent));
    assert_eq!(inventory.follow::<Api>(&any.api).unwrap().1.protocol, Protocol::Http);
    assert_eq!(get::<Table>(&inventory, "template/State").billing_mode, text("PAY_PER_REQUEST"));
}

#[test]
fn a_group_lets_out_what_ec2_makes_of_it() {
    let inventory = resources(
        "Quiet: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: x}}
Apart: {Type: 'AWS::EC2::SecurityGroupEgress', Properties: {GroupId: !Ref Quiet, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.0.0.0/8}}
Closed: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: x, SecurityGroupEgress: [{IpProtocol: '-1', CidrIp: 127.0.0.1/32}]}}",
    );
    let out = |id: &str| get::<SecurityGroup>(&inventory, id).egress.iter().map(|one| one.cidr.clone()).collect::<Vec<_>>();
    let (everywhere, inside) = (Known("0.0.0.0/0".to_owned()), Known("10.0.0.0/8".to_owned()));
    assert_eq!((out("t/Quiet"), out("t/Closed")), (vec![everywhere, inside], vec![]), "a rule that stands apart takes nothing back");
}

#[test]
fn how_many_nodes_and_what_storage_there_is_follows_from_other_settings() {
    let inventory = resources(
        "Db: {Type: 'AWS::RDS::DBInstance', Properties: {Engine: postgres, AllocatedStorage: 400, Iops: 10000}}
Shards: {Type: 'AWS::ElastiCache::ReplicationGroup', Properties: {NodeGroupConfiguration: [{ReplicaCount: 1}, {ReplicaCount: 1}, {ReplicaCount: 1}]}}
Valkey: {Type: 'AWS::ElastiCache::ReplicationGroup', Properties: {Engine: valkey}}",
    );
    assert_eq!(get::<Database>(&inventory, "t/Db").storage_type, text("io1"), "whoever asks for operations gets io1");
    assert_eq!(get::<Cache>(&inventory, "t/Shards").nodes, Known(6.0));
    assert_eq!(get::<Cache>(&inventory, "t/Valkey").encrypted_at_rest, Known(true));
}

#[test]
fn a_cluster_decides_over_its_members() {
    let inventory = resources(
        "Cluster: {Type: 'AWS::RDS::DBCluster', Properties: {Engine: aurora-postgresql, StorageEncrypted: true, BackupRetentionPeriod: 14}}
Member: {Type: 'AWS::RDS::DBInstance', Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Cluster}}
Elsewhere: {Type: 'AWS::RDS::DBInstance', Properties: {Engine: aurora-postgresql, DBClusterIdentifier: made-elsewhere}}",
    );
    let cluster: &DatabaseCluster = get(&inventory, "t/Cluster");
    assert_eq!((&cluster.encrypted, &cluster.backup_days), (&Known(true), &Known(14.0)));
    assert_eq!(get::<Database>(&inventory, "t/Member").cluster, Known(Link::To("t/Cluster".to_owned())));
    let elsewhere: &Database = get(&inventory, "t/Elsewhere");
    assert!(elsewhere.encrypted.is_unknown() && elsewhere.backup_days.is_unknown() && elsewhere.password.is_unknown());
}

#[test]
fn a_replica_is_what_its_source_is() {
    let inventory = resources(
        "Main: {Type: 'AWS::RDS::DBInstance', Properties: {DBInstanceIdentifier: main, Engine: postgres, AllocatedStorage: '20', StorageEncrypted: true}}
Copy: {Type: 'AWS::RDS::DBInstance', Properties: {SourceDBInstanceIdentifier: main, DBInstanceClass: db.t4g.micro}}
Elsewhere: {Type: 'AWS::RDS::DBInstance', Properties: {SourceDBInstanceIdentifier: other}}
Restored: {Type: 'AWS::RDS::DBInstance', Properties: {DBSnapshotIdentifier: s}}",
    );
    let copy: &Database = get(&inventory, "t/Copy");
    assert_eq!((&copy.engine, &copy.storage_gb, &copy.encrypted), (&text("postgres"), &Known(20.0), &Known(true)));
    assert!(copy.backup_days.is_absent(), "as of its source");
    assert!(get::<Database>(&inventory, "t/Elsewhere").encrypted.is_unknown() && get::<Database>(&inventory, "t/Restored").encrypted.is_unknown());
}

#[test]
fn zones_are_one_only_when_their_expression_is() {
    let inventory = template(
        "Parameters: {A: {Type: String}, B: {Type: String}}
Mappings: {Zones: {us-east-1: {A: us-east-1a, B: us-east-1b}, eu-west-1: {A: eu-west-1a, B: eu-west-1b}}}
Resources:
  MapA: {Type: 'AWS::EC2::Subnet', Properties: {AvailabilityZone: !FindInMap [Zones, !Ref AWS::Region, A]}}
  First: {Type: 'AWS::EC2::Subnet', Properties: {AvailabilityZone: !Select [0, !GetAZs '']}}
  ParamA: {Type: 'AWS::EC2::Subnet', Properties: {AvailabilityZone: !Ref A}}
  ParamB: {Type: 'AWS::EC2::Subnet', Properties: {AvailabilityZone: !Ref B}}",
    );
    let zone = |id: &str| get::<Subnet>(&inventory, id).zone.clone();
    assert!(zone("t/MapA").is_unknown(), "two that are unknown for the same reason are not in one zone");
    assert_eq!(zone("t/First"), text("${Fn::GetAZs[0]}"));
    assert!(zone("t/ParamA").known().is_some() && zone("t/ParamA") != zone("t/ParamB"));
}

#[test]
fn what_a_condition_may_take_away_may_not_be_set() {
    let inventory = template(
        "Parameters: {Value: {Type: String}}
Conditions: {Has: !Not [!Equals [!Ref Value, '']]}
Resources:
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {LoadBalancerAttributes: [!If [Has, {Key: access_logs.s3.enabled, Value: 'true'}, !Ref AWS::NoValue]]}
  Perhaps: {Type: 'AWS::ElastiCache::ReplicationGroup', Properties: {AuthToken: !If [Has, !Ref Value, !Ref AWS::NoValue]}}
  Surely: {Type: 'AWS::ElastiCache::ReplicationGroup', Properties: {AuthToken: !Ref Value}}
  Budget:
    Type: AWS::Budgets::Budget
    Properties: {NotificationsWithSubscribers: !If [Has, [{Notification: {}}], !Ref AWS::NoValue]}
  User:
    Type: AWS::IAM::User
    Properties:
      Policies: [{PolicyDocument: {Statement: [{Effect: Deny, Action: '*', Resource: '*', Condition: {Bool: !If [Has, {a: b}, {a: b, c: d}]}}]}}]",
    );
    assert!(get::<LoadBalancer>(&inventory, "t/Balancer").access_logs.is_unknown());
    assert!(get::<Cache>(&inventory, "t/Perhaps").authenticated.is_unknown());
    assert_eq!(get::<Cache>(&inventory, "t/Surely").authenticated, Known(true));
    assert!(get::<Budget>(&inventory, "t/Budget").notifications.is_unknown());
    let document = get::<User>(&inventory, "t/User").inline[0].known().unwrap();
    assert_eq!((document.statements[0].conditions[0].key.as_str(), document.statements[0].conditions[0].values[0].is_unknown()), ("…", true));
}

#[test]
fn a_part_whose_whole_is_elsewhere_is_looked_at_all_the_same() {
    let inventory = resources(
        "Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
Default:
  Type: AWS::EC2::SecurityGroupIngress
  Properties: {GroupId: !GetAtt Vpc.DefaultSecurityGroup, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}
Elsewhere: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: sg-1, IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}}
Group: {Type: 'AWS::IAM::Group', Properties: {Policies: [{PolicyName: all, PolicyDocument: {Statement: []}}]}}
Stage: {Type: 'AWS::ApiGateway::Deployment', Properties: {RestApiId: x, StageName: prod, StageDescription: {ThrottlingRateLimit: 50}}}
Address: {Type: 'AWS::EC2::EIP'}
Machine: {Type: 'AWS::EC2::Instance'}
Association: {Type: 'AWS::EC2::EIPAssociation', Properties: {EIP: !Ref Address, InstanceId: !Ref Machine}}",
    );
    let default: &SecurityGroup = get(&inventory, "t/Vpc/DefaultSecurityGroup");
    assert_eq!(default.ingress.iter().map(|one| one.cidr.clone()).collect::<Vec<_>>(), [Absent, text("0.0.0.0/0")]);
    assert_eq!(get::<SecurityGroup>(&inventory, "t/Elsewhere").ingress.len(), 1);
    assert_eq!(get::<Policy>(&inventory, "t/Group/Policies[0]").name, text("all"));
    assert_eq!(get::<Stage>(&inventory, "t/Stage/Stage").throttle_rate, Known(50.0));
    assert_eq!(get::<ElasticIp>(&inventory, "t/Address").instance, Known(Link::To("t/Machine".to_owned())));
    assert!(inventory.unrecognised.is_empty());
}

#[test]
fn names_that_are_written_as_text_lead_to_what_is_called_so() {
    let inventory = resources(
        "Cluster: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: prod}}
Service: {Type: 'AWS::ECS::Service', Properties: {ServiceName: api, Cluster: prod}}
Target: {Type: 'AWS::ApplicationAutoScaling::ScalableTarget', Properties: {ResourceId: service/prod/api}}
Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: app-role}}
Policy: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: p, Roles: [app-role], PolicyDocument: {Statement: []}}}
Trusting:
  Type: AWS::IAM::Role
  Properties: {AssumeRolePolicyDocument: {Statement: [{Principal: {Service: !Sub 'ecs-tasks.${AWS::URLSuffix}'}}]}}
Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: other}}
User: {Type: 'AWS::IAM::Policy', Properties: {PolicyName: q, Users: [other], PolicyDocument: {Statement: []}}}",
    );
    assert_eq!(get::<ScalingTarget>(&inventory, "t/Target").target, to("t/Service"));
    assert_eq!(get::<Service>(&inventory, "t/Service").cluster, to("t/Cluster"));
    assert_eq!(get::<Role>(&inventory, "t/Role").inline.len(), 1);
    let trust = get::<Role>(&inventory, "t/Trusting").trust.known().unwrap();
    assert_eq!(trust.statements[0].principals["Service"], [text("ecs-tasks.amazonaws.com")], "whatever its partition calls it");
    assert_eq!(get::<Policy>(&inventory, "t/User").name, text("q"), "a bucket is no user, whatever it is called");
}

#[test]
fn what_hangs_on_an_unknown_condition_is_in_doubt_with_all_that_is_in_it() {
    let inventory = files(&[
        (
            "root.yaml",
            "Parameters: {P: {Type: String}}
Conditions: {Has: !Equals [!Ref P, x]}
Resources:
  Child: {Type: 'AWS::CloudFormation::Stack', Condition: Has, Properties: {TemplateURL: child.yaml}}
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: x}}
  Topic: {Type: 'AWS::SNS::Topic', Condition: Has, Properties: {Subscription: [{Protocol: email}]}}
  Rule: {Type: 'AWS::EC2::SecurityGroupIngress', Condition: Has, Properties: {GroupId: !Ref Group, IpProtocol: tcp, CidrIp: 0.0.0.0/0}}
",
        ),
        ("child.yaml", "Resources: {Nat: {Type: 'AWS::EC2::NatGateway'}}\n"),
    ]);
    let doubtful: Vec<&str> = inventory.conditional.keys().map(String::as_str).collect();
    assert_eq!(doubtful, ["root/Child/Nat", "root/Topic", "root/Topic/Subscription[0]"]);
    assert!(get::<SecurityGroup>(&inventory, "root/Group").ingress[0].cidr.is_unknown(), "it may let nobody in");
}

#[test]
fn a_clusters_own_strategy_holds_for_services_that_have_none() {
    let inventory = resources(
        "Cluster: {Type: 'AWS::ECS::Cluster'}
Strategy:
  Type: AWS::ECS::ClusterCapacityProviderAssociations
  Properties: {Cluster: !Ref Cluster, DefaultCapacityProviderStrategy: [{CapacityProvider: FARGATE_SPOT, Weight: 1}]}
Default: {Type: 'AWS::ECS::Service', Properties: {Cluster: !Ref Cluster}}
Own: {Type: 'AWS::ECS::Service', Properties: {Cluster: !Ref Cluster, LaunchType: FARGATE}}",
    );
    let spot = CapacityProvider { name: Known("FARGATE_SPOT".to_owned()), weight: Known(1.0), ..CapacityProvider::default() };
    assert_eq!(get::<Service>(&inventory, "t/Default").capacity_providers, [spot]);
    assert_eq!(get::<Service>(&inventory, "t/Own").capacity_providers, []);
}
