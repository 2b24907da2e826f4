//! Reads template.yaml, which describes the resources on the laptop, too.

use std::time::Duration;

use axum::http::Method;
use serde_json::Value;

/// The template of this repository.
pub const SOURCE: &str = include_str!("../../../../template.yaml");

/// The runner can't use the template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("template.yaml: {0}")]
pub struct TemplateError(pub String);

/// The resources of the template.
#[derive(Clone, Debug)]
pub struct Template {
    /// All functions.
    pub functions: Vec<Function>,
    /// The queue of the function with an SQS event.
    pub queue: QueueSettings,
    /// Properties of the table, in the form of CreateTable.
    pub table: Value,
    /// Names of the variables that the API puts into every event.
    pub stage_variables: Vec<String>,
}

/// A function with its triggers.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Name of the binary, in kebab case.
    pub name: String,
    /// Routes that it answers.
    pub routes: Vec<Route>,
    /// Intervals of its schedules.
    pub schedules: Vec<Duration>,
    /// Whether the queue calls it.
    pub queues: bool,
    /// Time-out of a call.
    pub timeout: Duration,
    /// Batch size of the queue.
    pub batch: usize,
    /// Reserved concurrency, if any.
    pub reserved: Option<usize>,
    /// Number of retries of an asynchronous call.
    pub retries: u32,
    /// Names of the variables in its environment, including those of all functions.
    pub variables: Vec<String>,
}

/// Settings of the queue for received messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Visibility time-out.
    pub visibility: Duration,
    /// Number of receives before a message becomes a dead letter.
    pub max_receive: u32,
}

/// A method and a path such as `/b/{token}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// GET, POST …
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: String,
}

/// A path's parameters: name and value.
pub type Parameters = Vec<(String, String)>;

impl Route {
    /// Returns API Gateway's route key, such as `GET /b/{token}`.
    pub fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Returns the parameters if the request matches this route.
    pub fn matches(&self, method: &Method, path: &str) -> Option<Parameters> {
        let (mut pattern, mut given) = (self.path.split('/'), path.split('/'));
        let mut found = Vec::new();
        if *method != self.method {
            return None;
        }
        loop {
            match (pattern.next(), given.next()) {
                (None, None) => return Some(found),
                (Some(part), Some(value)) => {
                    match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                        Some(_) if value.is_empty() => return None,
                        Some(name) => found.push((name.to_owned(), value.to_owned())),
                        None if part == value => {}
                        None => return None,
                    }
                }
                _ => return None,
            }
        }
    }
}

impl Template {
    /// Parses the template of this repository.
    pub fn embedded() -> Result<Self, TemplateError> {
        Self::parse(SOURCE)
    }

    /// Parses a template. CloudFormation's short tags (`!Ref`, `!Sub` …) are ignored.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        // `N` is DynamoDB's number type here, not YAML's "no".
        let options = serde_saphyr::options! { strict_booleans: true };
        let whole: Value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| TemplateError(error.to_string()))?;
        let resources = whole["Resources"].as_object().ok_or_else(|| TemplateError("no Resources".into()))?;
        let globals = &whole["Globals"]["Function"];
        let (mut functions, mut queue) = (Vec::new(), None);
        for (id, resource) in resources.iter().filter(|(_, one)| one["Type"] == "AWS::Serverless::Function") {
            let (function, source) = function(id, &resource["Properties"], globals)?;
            if let Some(source) = source {
                let source = source.strip_suffix(".Arn").unwrap_or(&source);
                queue = Some(queue_settings(&resources.get(source).unwrap_or(&Value::Null)["Properties"]));
            }
            functions.push(function);
        }
        let table = resources.values().find(|one| one["Type"] == "AWS::DynamoDB::Table");
        let api = resources.values().find(|one| one["Type"] == "AWS::Serverless::HttpApi");
        Ok(Self {
            functions,
            queue: queue.ok_or_else(|| TemplateError("no function is called by a queue".into()))?,
            table: table.ok_or_else(|| TemplateError("no table".into()))?["Properties"].clone(),
            stage_variables: api.map_or_else(Vec::new, |api| keys(&api["Properties"]["StageVariables"])),
        })
    }

    /// Returns the function with this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Returns the function that answers a request, with the route and its parameters. A path without parameters takes
    /// precedence.
    pub fn route(&self, method: &Method, path: &str) -> Option<(&Function, &Route, Parameters)> {
        let all = self
            .functions
            .iter()
            .flat_map(|function| function.routes.iter().map(move |route| (function, route)));
        all.filter_map(|(function, route)| Some((function, route, route.matches(method, path)?)))
            .min_by_key(|(_, _, parameters)| parameters.len())
    }
}

/// Reads the block of a function, and the queue that calls it.
fn function(
    id: &str,
    properties: &Value,
    globals: &Value,
) -> Result<(Function, Option<String>), TemplateError> {
    let wrong = |what: &str| TemplateError(format!("{id}: {what}"));
    let timeout = properties["Timeout"].as_u64().or(globals["Timeout"].as_u64()).unwrap_or(3);
    let mut variables = keys(&globals["Environment"]["Variables"]);
    variables.extend(keys(&properties["Environment"]["Variables"]));
    let mut function = Function {
        name: kebab(id),
        routes: Vec::new(),
        schedules: Vec::new(),
        queues: false,
        timeout: Duration::from_secs(timeout),
        batch: 10,
        reserved: properties["ReservedConcurrentExecutions"].as_u64().map(|count| count as usize),
        retries: properties["EventInvokeConfig"]["MaximumRetryAttempts"].as_u64().unwrap_or(2) as u32,
        variables,
    };
    let mut source = None;
    for event in properties["Events"].as_object().into_iter().flatten().map(|(_, event)| event) {
        let about = &event["Properties"];
        match event["Type"].as_str().unwrap_or_default() {
            "HttpApi" => {
                let method = about["Method"].as_str().ok_or_else(|| wrong("a route without a method"))?;
                let path = about["Path"].as_str().ok_or_else(|| wrong("a route without a path"))?;
                let method = method.to_uppercase().parse().map_err(|_| wrong("an unknown method"))?;
                function.routes.push(Route { method, path: path.to_owned() });
            }
            "Schedule" | "ScheduleV2" => {
                let rate =
                    about["ScheduleExpression"].as_str().or(about["Schedule"].as_str()).unwrap_or_default();
                let every = rate_of(rate).ok_or_else(|| wrong("a schedule that isn't rate(…)"))?;
                function.schedules.push(every);
            }
            "SQS" => {
                function.queues = true;
                function.batch = about["BatchSize"].as_u64().unwrap_or(10) as usize;
                source = about["Queue"].as_str().map(str::to_owned);
            }
            other => return Err(wrong(&format!("the runner doesn't know events of type {other}"))),
        }
    }
    Ok((function, source))
}

/// Reads the queue's settings, with AWS's defaults for missing ones.
fn queue_settings(properties: &Value) -> QueueSettings {
    QueueSettings {
        visibility: Duration::from_secs(properties["VisibilityTimeout"].as_u64().unwrap_or(30)),
        max_receive: properties["RedrivePolicy"]["maxReceiveCount"].as_u64().unwrap_or(u64::from(u32::MAX))
            as u32,
    }
}

fn keys(map: &Value) -> Vec<String> {
    map.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// `ButtonPress` → `button-press`.
fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// `rate(5 minutes)` → 300 s.
fn rate_of(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    count.parse().ok().filter(|count| *count > 0).map(|count: u64| Duration::from_secs(count * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_repositorys_own() {
        let template = Template::embedded().unwrap();
        let press = template.function("button-press").unwrap();
        let keys: Vec<_> = press.routes.iter().map(Route::key).collect();
        assert!(keys.contains(&"GET /b/{token}".to_owned()) && keys.contains(&"HEAD /b/{token}".to_owned()));
        assert!(press.timeout >= Duration::from_secs(1));
        let deliver = template.function("deliver").unwrap();
        assert!(deliver.queues && deliver.batch >= 1);
        assert!(
            template.queue.visibility >= deliver.timeout,
            "or a message is handed out twice while it is worked on"
        );
        let tick = template.function("tick").unwrap();
        assert_eq!(tick.schedules, [Duration::from_secs(60)]);
        assert!(
            template
                .functions
                .iter()
                .all(|function| function.variables.contains(&"HANDBELL_TABLE".to_owned()))
        );
    }

    #[test]
    fn short_tags_are_ignored() {
        let template = Template::parse(
            r#"
Globals: { Function: { Timeout: 7 } }
Resources:
  Table: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [] } }
  Q: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 12, RedrivePolicy: { deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3 } } }
  SomeThing:
    Type: AWS::Serverless::Function
    Properties:
      Role: !Sub "${A}-x"
      Layers: [!Ref Layer, !If [Has, !Ref X, !Ref AWS::NoValue]]
      EventInvokeConfig: { MaximumRetryAttempts: 0 }
      ReservedConcurrentExecutions: 1
      Events:
        A: { Type: SQS, Properties: { Queue: !GetAtt Q.Arn, BatchSize: 4 } }
        B: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(5 minutes) } }
        C: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: "/x/{y}", Method: post } }
"#,
        )
        .unwrap();
        assert_eq!(template.queue, QueueSettings { visibility: Duration::from_secs(12), max_receive: 3 });
        assert_eq!(
            template.functions,
            [Function {
                name: "some-thing".into(),
                routes: vec![Route { method: Method::POST, path: "/x/{y}".into() }],
                schedules: vec![Duration::from_secs(300)],
                queues: true,
                timeout: Duration::from_secs(7),
                batch: 4,
                reserved: Some(1),
                retries: 0,
                variables: Vec::new(),
            }]
        );
    }

    #[test]
    fn routes_by_method_and_path() {
        let template = Template::embedded().unwrap();
        let (function, route, parameters) = template.route(&Method::PUT, "/b/abc").unwrap();
        assert_eq!((function.name.as_str(), route.key().as_str()), ("button-press", "PUT /b/{token}"));
        assert_eq!(parameters, [("token".to_owned(), "abc".to_owned())]);
        assert!(template.route(&Method::DELETE, "/b/abc").is_none());
        assert!(template.route(&Method::GET, "/b/").is_none());
        assert!(template.route(&Method::GET, "/b/abc/d").is_none());
        assert_eq!(template.route(&Method::POST, "/twilio/sms/status").unwrap().0.name, "sms-inbound");
    }

    /// The store and the template must use the same names of keys and indexes.
    #[test]
    fn the_table_is_the_stores() {
        use handbell_store::table;
        let template = Template::embedded().unwrap();
        let index = &template.table["GlobalSecondaryIndexes"][0];
        assert_eq!(index["IndexName"], table::DUE);
        assert_eq!(index["Projection"]["ProjectionType"], "KEYS_ONLY");
        let subject = handbell_core::incident::Subject::parse("button:green").unwrap();
        let mut row = table::RowKey::incident(&subject).row();
        table::set_due(&mut row, &subject, Some("2026-01-01T00:00:00Z".parse().unwrap()));
        table::set_expiry(&mut row, "2026-01-01T00:00:00Z".parse().unwrap(), 1);
        for definition in template.table["AttributeDefinitions"].as_array().unwrap() {
            let value = &row[definition["AttributeName"].as_str().unwrap()];
            assert!(
                if definition["AttributeType"] == "N" { value.is_n() } else { value.is_s() },
                "{definition}"
            );
        }
        assert!(
            row.contains_key(template.table["TimeToLiveSpecification"]["AttributeName"].as_str().unwrap())
        );
    }
}
