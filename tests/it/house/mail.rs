//! The house rules of mail: its bucket, by which rule it comes in, and the script that makes that rule count.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use handbell_boot::Function;
use handbell_local::cloud::{receipt, template};

use super::template::resources;
use super::{read, root};

/// Returns a block of the template as one line.
fn block(name: &str) -> String {
    let resources = resources(template::SOURCE);
    let block = resources.get(name).unwrap_or_else(|| panic!("template.yaml has no {name}"));
    block.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_bucket_is_private_and_deletes_old_mails() {
    let bucket = block("MailBucket");
    for wanted in [
        "DeletionPolicy: Retain",
        "SSEAlgorithm: AES256",
        "BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true",
        "ObjectOwnership: BucketOwnerEnforced",
        "Status: Enabled, Prefix: inbound/, ExpirationInDays: 30",
        "Status: Enabled, Prefix: quarantine/, ExpirationInDays: 90",
    ] {
        assert!(bucket.contains(wanted), "{wanted} in {bucket}");
    }
    // A deleted object must be gone, not an older version.
    assert!(!bucket.contains("Versioning"), "{bucket}");
    let policy = block("MailBucketPolicy");
    assert!(
        policy.contains("Effect: Deny Principal: \"*\" Action: \"s3:*\"")
            && policy.contains("aws:SecureTransport: \"false\""),
        "{policy}"
    );
    assert_eq!(policy.matches("Effect: Allow").count(), 1, "SES alone may come from outside: {policy}");
}

#[test]
fn mail_comes_in_by_one_rule() {
    let (set, rule) = (block("MailRuleSet"), block("MailRule"));
    assert!(set.contains("RuleSetName: !Ref AWS::StackName"), "{set}");
    for wanted in [
        "DependsOn: [MailBucketPolicy, MailInboundPermission]",
        "RuleSetName: !Ref MailRuleSet",
        "Name: alerts",
        "Enabled: true",
        "Recipients: [!Ref MailDomain]",
        "ScanEnabled: true",
        "InvocationType: Event",
    ] {
        assert!(rule.contains(wanted), "{wanted} in {rule}");
    }
    let first = format!(
        "Actions: - S3Action: {{ BucketName: !Ref MailBucket, ObjectKeyPrefix: {} }}",
        receipt::PREFIX
    );
    let (at, then) = (rule.find(&first), rule.find("LambdaAction: { FunctionArn: !GetAtt MailInbound.Arn"));
    assert!(at.is_some() && at < then, "the mail must lie there before the function is called: {rule}");
    // The ARN of the rule is written out, since it can't be referred to. The bucket's policy and the function's permission name it.
    let ours = "Arn: !Sub \"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:receipt-rule-set/${AWS::StackName}:receipt-rule/alerts\"";
    let (policy, permission) = (block("MailBucketPolicy"), block("MailInboundPermission"));
    for (text, account) in [
        (&policy, "aws:SourceAccount: !Ref AWS::AccountId"),
        (&permission, "SourceAccount: !Ref AWS::AccountId"),
    ] {
        assert!(
            text.contains("ses.amazonaws.com") && text.contains(ours) && text.contains(account),
            "{text}"
        );
    }
    assert!(policy.contains(&format!(
        "Action: s3:PutObject Resource: !Sub \"${{MailBucket.Arn}}/{}*\"",
        receipt::PREFIX
    )));
    for conditional in [&set, &rule, &permission] {
        assert!(conditional.contains("Condition: HasMailDomain"), "{conditional}");
    }
    assert_eq!(receipt::FUNCTION, Function::MailInbound.name());
}

#[test]
fn every_alarm_rings_and_is_on_the_dashboard() {
    let (resources, dashboard) = (resources(template::SOURCE), block("Dashboard"));
    let alarms: Vec<_> =
        resources.iter().filter(|(_, text)| text.contains("Type: AWS::CloudWatch::Alarm\n")).collect();
    for (id, text) in &alarms {
        assert!(dashboard.contains(&format!("\"${{{id}.Arn}}\"")), "{id} isn't on the dashboard");
        assert!(text.contains("AlarmActions: [!Ref Operator]"), "{id} tells nobody");
    }
    let queues = resources.keys().filter(|id| id.ends_with("Dlq"));
    for queue in queues {
        let watched = format!("!GetAtt {queue}.QueueName");
        assert!(alarms.iter().any(|(_, text)| text.contains(&watched)), "nobody looks into {queue}");
    }
}

/// What the script calls in AWS; `active` and `resolves` are what it finds.
const AWS: &str = r#"#!/usr/bin/env bash
echo "aws $*" >> "$0.log"
case "$1 $2" in
"sts get-caller-identity") echo 123456789012 ;;
"cloudformation describe-stacks") [[ $* == *handbell* ]] || { echo "no such stack" >&2; exit 254; }; echo "$OURS" ;;
"ses describe-active-receipt-rule-set") echo "$ACTIVE" ;;
"ses describe-receipt-rule-set") [[ $* == *Recipients\[0\]* ]] && echo in.example.com || printf 'alerts\tin.example.com\n' ;;
"sesv2 get-email-identity") echo "$VERIFIED" ;;
"ses set-active-receipt-rule-set") ;;
*) echo "what is $*?" >&2; exit 1 ;;
esac
"#;

/// An AWS account as the script finds it.
struct Account {
    ours: &'static str,
    active: &'static str,
    verified: &'static str,
    resolves: bool,
}

const READY: Account = Account { ours: "handbell", active: "None", verified: "True", resolves: true };

/// Runs the script with this typed input. Returns its output and what it requested from AWS.
fn activate(account: &Account, arguments: &[&str], typed: &str) -> (Output, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("aws", AWS);
    program("getent", if account.resolves { "#!/bin/sh\nexit 0\n" } else { "#!/bin/sh\nexit 2\n" });
    let input = folder.path().join("typed");
    std::fs::write(&input, typed).unwrap();
    let output = Command::new("bash")
        .arg(root().join("infra/mail/activate"))
        .args(arguments)
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
        .env("OURS", account.ours)
        .env("ACTIVE", account.active)
        .env("VERIFIED", account.verified)
        .stdin(std::fs::File::open(input).unwrap())
        .output()
        .unwrap();
    let asked = std::fs::read_to_string(folder.path().join("aws.log")).unwrap_or_default();
    (output, asked)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const HERE: [&str; 2] = ["--region", "eu-west-1"];

#[test]
fn the_script_is_sound_and_uses_the_templates_names() {
    let script = root().join("infra/mail/activate");
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
    assert_ne!(std::fs::metadata(&script).unwrap().permissions().mode() & 0o111, 0, "it can't be run");
    let text = read("infra/mail/activate");
    assert!(text.contains("set -euo pipefail"));
    assert!(text.contains("OutputKey=='MailRuleSetName'"));
    assert!(template::SOURCE.contains("\n  MailRuleSetName:\n    Condition: HasMailDomain\n"));
    assert!(Path::new(&root().join("infra/mail/README.md")).exists());
}

#[test]
fn the_script_changes_what_was_confirmed_and_explains_how_to_undo_it() {
    let (output, asked) = activate(&READY, &HERE, "yes\n");
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(asked.contains("aws ses set-active-receipt-rule-set --rule-set-name handbell\n"), "{asked}");
    for wanted in [
        "Account 123456789012, region eu-west-1.",
        "Active now: no set of rules",
        "Active afterwards: handbell\n    alerts for in.example.com",
        "The MX record of in.example.com is: 10 inbound-smtp.eu-west-1.amazonaws.com",
        "--stack handbell --region eu-west-1 --undo none",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    assert!(!text.contains("hasn't verified"), "{text}");
    // Another system's mail would stop: the script states that, and the active rule set.
    let (output, asked) = activate(&Account { active: "shop", ..READY }, &HERE, "yes\n");
    let text = said(&output);
    assert!(asked.contains("--rule-set-name handbell\n"), "{asked}");
    assert!(text.contains("what the rules of shop are for") && text.contains("--undo shop"), "{text}");
    // An unverified domain is named, and can be verified afterwards.
    let (output, _) = activate(&Account { verified: "False", ..READY }, &HERE, "yes\n");
    assert!(output.status.success() && said(&output).contains("SES hasn't verified in.example.com"));
}

#[test]
fn the_script_changes_nothing_without_a_yes_or_without_need() {
    let gone = Account { ours: "None", ..READY };
    let nowhere = Account { resolves: false, ..READY };
    let already = Account { active: "handbell", ..READY };
    for (account, arguments, typed, wanted) in [
        (&READY, &HERE[..], "no\n", "Nothing was changed."),
        (&READY, &HERE[..], "", "Nothing was changed."),
        (&READY, &HERE[..], "Y\n", "Nothing was changed."),
        (&gone, &HERE[..], "yes\n", "has no rules for mail"),
        (&nowhere, &["--region", "us-west-1"], "yes\n", "SES receives no mail in us-west-1"),
        (&already, &HERE[..], "yes\n", "already. Nothing was changed."),
        (
            &READY,
            &["--region", "eu-west-1", "--stack", "other"],
            "yes\n",
            "The stack other can't be looked at",
        ),
        (&READY, &["--region", "eu-west-1", "--undo", "shop"], "yes\n", "there is nothing to undo"),
        (&READY, &["--region"], "yes\n", "--region needs a value"),
        (&READY, &["--regoin", "x"], "yes\n", "There is no option --regoin"),
    ] {
        let (output, asked) = activate(account, arguments, typed);
        let text = said(&output);
        assert!(!asked.contains("set-active"), "{arguments:?} {typed:?}: {asked}");
        assert!(text.contains(wanted) && text.contains("Nothing was changed."), "{arguments:?}: {text}");
        assert_eq!(output.status.success(), account.active == "handbell", "{text}");
    }
}

#[test]
fn the_script_undoes_what_it_did() {
    let ours = Account { active: "handbell", ..READY };
    let undo = |set: &'static str, typed| activate(&ours, &["--region", "eu-west-1", "--undo", set], typed);
    let (output, asked) = undo("shop", "yes\n");
    assert!(output.status.success(), "{}", said(&output));
    assert!(asked.ends_with("aws ses set-active-receipt-rule-set --rule-set-name shop\n"), "{asked}");
    let (output, asked) = undo("none", "yes\n");
    assert!(output.status.success() && said(&output).contains("SES receives no mail at all"));
    assert!(asked.ends_with("aws ses set-active-receipt-rule-set\n"), "{asked}");
    let (output, asked) = undo("shop", "\n");
    assert!(!output.status.success() && !asked.contains("set-active"), "{asked}");
}
