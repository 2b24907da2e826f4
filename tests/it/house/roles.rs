//! What each role in template.yaml may do: no more than its handler does, and no less.

use std::collections::BTreeSet;

use handbell_app::Access;
use handbell_boot::Function;
use handbell_core::incident::Subject;
use handbell_local::cloud::template;
use handbell_store::Rows;
use handbell_store::table::{self, RowKey};

use super::template::resources;

/// Returns what is too wide in the template's roles.
fn too_wide(source: &str) -> Vec<String> {
    let resources = resources(source);
    let (mut wrong, mut roles) = (Vec::new(), BTreeSet::new());
    for (id, block) in &resources {
        // A star is narrow in two places: for the objects of the bucket under a prefix, and for the rows of one kind in the table.
        let mut wide = block.lines().filter(|line| !line.contains("{ dynamodb:LeadingKeys: [")).map(|line| {
            let prefixes =
                ["inbound", "quarantine"].map(|prefix| format!("${{MailBucket.Arn}}/{prefix}/*\""));
            prefixes.iter().fold(line.to_owned(), |line, prefix| line.replace(prefix, "\""))
        });
        if block.contains("Type: AWS::IAM::") && wide.any(|line| line.contains('*')) {
            wrong.push(format!("{id} allows more than it names"));
        }
        // AWS's own policies aren't narrow either. The policy for a function in a VPC can't be written without a star.
        let theirs = block.matches(":iam::aws:policy/").count();
        let vpc = block.contains(":iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole\"");
        if theirs > usize::from(vpc && id == "CmxPollRole") {
            wrong.push(format!("{id} has a policy of AWS"));
        }
        if !block.contains("Type: AWS::Serverless::Function") {
            continue;
        }
        // SAM's policy templates allow more than their names say.
        if block.contains("Policies:") || block.contains("Connectors:") {
            wrong.push(format!("{id} has policies outside its role"));
        }
        let role =
            block.lines().find_map(|line| line.trim().strip_prefix("Role: !GetAtt ")?.strip_suffix(".Arn"));
        let Some((role, policies)) = role.and_then(|role| Some((role, resources.get(role)?))) else {
            wrong.push(format!("{id} has no role"));
            continue;
        };
        if !roles.insert(role) {
            wrong.push(format!("{id} has another function's role"));
        }
        if block.contains("HANDBELL_SECRETS:") != policies.contains("!Ref ReadSecrets") {
            wrong.push(format!("{id} knows where the secrets are, or may read them, but not both"));
        }
    }
    if roles.len() != Function::ALL.len() {
        wrong.push(format!("{} roles were found", roles.len()));
    }
    wrong
}

#[test]
fn every_role_is_its_functions_own_and_narrow() {
    let source = template::SOURCE;
    assert_eq!(too_wide(source), [""; 0]);
    // And the check can fail.
    for (from, to, found) in [
        ("Action: events:PutEvents", "Action: events:*", "DeliverRole allows more than it names"),
        ("Resource: !GetAtt Bus.Arn", "Resource: '*'", "DeliverRole allows more than it names"),
        ("Action: ssm:GetParameter", "Action: \"*\"", "ReadSecrets allows more than it names"),
        ("{MailBucket.Arn}/inbound/*", "{MailBucket.Arn}/*", "DeliverRole allows more than it names"),
        ("Role: !GetAtt TickRole.Arn", "Role: !GetAtt DeliverRole.Arn", "Tick has another function's role"),
        ("      Role: !GetAtt TickRole.Arn\n", "", "Tick has no role"),
        ("AWSLambdaVPCAccessExecutionRole", "AWSLambdaFullAccess", "CmxPollRole has a policy of AWS"),
        (
            "ManagedPolicyArns: [!Ref ReadSecrets]",
            "ManagedPolicyArns: [!Ref ReadSecrets, arn:aws:iam::aws:policy/AdministratorAccess]",
            "ButtonPressRole has a policy of AWS",
        ),
        (
            "CodeUri: functions/tick",
            "Policies: [AmazonDynamoDBFullAccess]",
            "Tick has policies outside its role",
        ),
    ] {
        let changed = source.replacen(from, to, 1);
        assert_ne!(changed, source, "{from}");
        assert!(too_wide(&changed).contains(&found.to_owned()), "{to}: {:?}", too_wide(&changed));
    }
}

/// Parts of the table that a role may be narrowed to: how they are called here, how a facet calls them, and what they look
/// like in a role.
const PARTS: &[(&str, Rows, &str)] = &[
    ("due", Rows::Index(table::DUE), "${Table.Arn}/index/due\""),
    ("roster", Rows::Of(table::ROSTER), "dynamodb:LeadingKeys: [ROSTER"),
    ("paged", Rows::Of("PAGED#*"), "\"PAGED#*\""),
    ("code", Rows::Of("CODE#*"), "\"CODE#*\""),
    ("hooks", Rows::Of("HOOKS"), "dynamodb:LeadingKeys: [HOOKS]"),
];

/// What a function does, as its handler's type tells: `Query` is a query of the whole table, `Query due` of the index,
/// `Query roster` of those rows alone; `s3:GetObject inbound/` reads what stands under that prefix.
fn done(access: &Access) -> BTreeSet<String> {
    let table = access.table.iter().map(|access| match access.rows {
        Rows::Any => access.action.to_owned(),
        rows => {
            let part = PARTS.iter().find(|(_, part, _)| *part == rows);
            format!("{} {}", access.action, part.map_or("of rows without a name", |(name, ..)| *name))
        }
    });
    let bucket = access
        .bucket
        .iter()
        .map(|access| format!("s3:{} {}", access.action, access.prefix).trim_end().to_owned());
    let others =
        [(access.queue, "sqs:SendMessage"), (access.bus, "events:PutEvents"), (access.mail, "ses:SendEmail")];
    let others = others.into_iter().filter(|(does, _)| *does).map(|(_, action)| action.to_owned());
    table.chain(bucket).chain(others).collect()
}

/// The actions of a service that a statement of a role names.
fn named<'a>(statement: &'a str, service: &'a str) -> impl Iterator<Item = &'a str> {
    // What a condition or an ARN says of the service is no action.
    statement.split(service).skip(1).map(word).filter(|name| !["", "LeadingKeys", "source"].contains(name))
}

/// The identifier with which a piece of text begins.
fn word(piece: &str) -> &str {
    let end = piece.find(|c: char| !c.is_ascii_alphanumeric());
    &piece[..end.unwrap_or(piece.len())]
}

/// What a role lets its function do. What Lambda does in its name, such as taking messages off a queue, isn't told.
fn allowed(role: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in role.split("Effect: Allow").skip(1) {
        let parts: Vec<&str> =
            PARTS.iter().filter(|(.., c)| statement.contains(c)).map(|(part, ..)| *part).collect();
        for action in named(statement, "dynamodb:") {
            found.extend(parts.iter().map(|part| format!("{action} {part}")));
            if parts.is_empty() {
                found.insert(action.to_owned());
            }
        }
        let prefixes =
            statement.split("${MailBucket.Arn}/").skip(1).filter_map(|rest| rest.split('*').next());
        let prefixes: Vec<&str> = prefixes.collect();
        for action in named(statement, "s3:") {
            found.extend(prefixes.iter().map(|prefix| format!("s3:{action} {prefix}")));
            if prefixes.is_empty() {
                found.insert(format!("s3:{action}"));
            }
        }
        for service in ["events:", "ses:"] {
            found.extend(named(statement, service).map(|action| format!("{service}{action}")));
        }
        if named(statement, "sqs:").any(|action| action == "SendMessage") {
            found.insert("sqs:SendMessage".to_owned());
        }
    }
    found
}

/// What functions do and may not, or may and don't.
fn mispermitted(source: &str) -> Vec<String> {
    let resources = resources(source);
    let mut wrong = Vec::new();
    for function in Function::ALL {
        let (name, done) = (function.name(), done(&function.access()));
        let block = resources.iter().find(|(_, text)| text.contains(&format!("CodeUri: functions/{name}\n")));
        let role = block.and_then(|(id, _)| resources.get(&format!("{id}Role"))).map_or("", String::as_str);
        let may = allowed(role);
        // Who may do it to the whole table may to a part, but not to the index.
        let whole = |action: &str| {
            let part =
                action.split_once(' ').filter(|(_, part)| PARTS.iter().any(|(known, ..)| known == part));
            part.is_some_and(|(of, part)| part != "due" && may.contains(of))
        };
        let denied = done.difference(&may).filter(|action| !whole(action));
        wrong.extend(denied.map(|action| format!("{name} may not {action}")));
        wrong.extend(may.difference(&done).map(|action| format!("{name} has no use for {action}")));
        // Who may not list is told of an object that is gone that it is forbidden.
        if may.iter().any(|action| action.starts_with("s3:GetObject")) && !may.contains("s3:ListBucket") {
            wrong.push(format!("{name} can't tell a mail that is gone from a forbidden one"));
        }
    }
    wrong
}

#[test]
fn every_role_may_do_what_its_handler_does() {
    let source = template::SOURCE;
    assert_eq!(mispermitted(source), [""; 0]);
    let hooks = format!("dynamodb:LeadingKeys: [{}]", RowKey::hooks().pk);
    assert!(source.contains(&hooks), "tick may not forget that the webhooks were off");
    // A role that is narrowed to the rows of one kind names the rows of that kind.
    assert!(
        source.contains(&format!("dynamodb:LeadingKeys: [{}]", table::ROSTER)),
        "nobody may read the roster"
    );
    let beginning = |key: &RowKey, rest: &str| format!("{}*", key.pk.strip_suffix(rest).expect("its number"));
    let number = "+12025550111";
    let paged = beginning(&RowKey::paged(number, &Subject::button("green"), 1), number);
    let texted = format!("dynamodb:LeadingKeys: [{}, \"{paged}\"]", table::ROSTER);
    assert!(source.contains(&texted), "sms-inbound may not read what a phone was told of");
    let code = beginning(&RowKey::code(number), number);
    let used_up = format!("dynamodb:LeadingKeys: [\"{code}\"]");
    assert!(source.contains(&used_up), "sms-inbound may not use a code up");
    // And the check can fail.
    for (from, to, found) in [
        ("Action: dynamodb:DeleteItem", "Action: dynamodb:GetItem", "sms-inbound may not DeleteItem code"),
        ("dynamodb:DeleteItem, dynamodb:GetItem", "dynamodb:GetItem", "deliver may not DeleteItem"),
        ("/index/due\" }", "/index/dew\" }", "tick may not Query due"),
        ("LeadingKeys: [ROSTER] }", "LeadingKeys: [\"PAGED#*\"] }", "button-press may not Query roster"),
        ("[ROSTER, \"PAGED#*\"]", "[ROSTER]", "sms-inbound may not Query paged"),
        (
            "Condition: { ForAllValues:StringEquals: { dynamodb:LeadingKeys: [ROSTER] } }",
            "",
            "button-press has no use for Query",
        ),
        ("Action: dynamodb:PutItem", "Action: dynamodb:Scan", "sightings has no use for Scan"),
        ("Action: sqs:SendMessage", "Action: sqs:ReceiveMessage", "button-press may not sqs:SendMessage"),
        (
            "Action: dynamodb:PutItem,",
            "Action: [dynamodb:PutItem, ses:SendEmail],",
            "sightings has no use for ses:SendEmail",
        ),
        ("Action: events:PutEvents", "Action: events:PutRule", "deliver may not events:PutEvents"),
        ("Action: ses:SendEmail", "Action: ses:SendBounce", "deliver may not ses:SendEmail"),
        (
            "{MailBucket.Arn}/inbound/*",
            "{MailBucket.Arn}/quarantine/*",
            "deliver may not s3:GetObject inbound/",
        ),
        ("Action: s3:ListBucket", "Action: s3:GetBucketAcl", "deliver may not s3:ListBucket"),
        (
            "Action: s3:ListBucket",
            "Action: s3:GetBucketAcl",
            "deliver can't tell a mail that is gone from a forbidden one",
        ),
        (
            "Action: s3:PutObject, Resource: [",
            "Action: s3:PutObjectAcl, Resource: [",
            "mailbox-poll may not s3:PutObject inbound/",
        ),
        (", !Sub \"${MailBucket.Arn}/quarantine/*\"]", "]", "mailbox-poll may not s3:PutObject quarantine/"),
        (
            "Action: dynamodb:PutItem,",
            "Action: [dynamodb:PutItem, s3:ListBucket],",
            "sightings has no use for s3:ListBucket",
        ),
    ] {
        let changed = source.replacen(from, to, 1);
        assert_ne!(changed, source, "{from}");
        let wrong = mispermitted(&changed);
        assert!(wrong.contains(&found.to_owned()), "{to}: {wrong:?}");
    }
}
