//! Tests of the queue in the SDK's wire format and of its event source, with the clock moved by hand.

use super::super::invoke::Hands;
use super::super::tests::{read, stage, target};
use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const URL: &str = "http://127.0.0.1/aws/sqs/000000000000/handbell-work";

fn queue() -> (Queue, Stage) {
    let stage = stage();
    let settings = QueueSettings { visibility: Duration::from_secs(60), max_receive: 2 };
    (Queue::new(stage.clone(), settings), stage)
}

async fn ask(queue: &Queue, operation: &'static str, mut body: Value) -> (u16, Value) {
    if body["QueueUrl"].is_null() {
        body["QueueUrl"] = json!(URL);
    }
    read(queue.handle(target(operation), body.to_string().into()).await).await
}

fn calls(stage: &Stage, answer: impl Fn(Value) -> Result<Value, String> + Send + Sync + 'static) -> Calls {
    let hands = Hands::InProcess(Arc::new(move |_, event| {
        let answer = answer(event);
        Box::pin(async move { answer })
    }));
    Calls::new(hands, stage.clone())
}

#[tokio::test]
async fn sent_received_deleted() {
    let (queue, _) = queue();
    let (status, sent) =
        ask(&queue, "AmazonSQS.SendMessage", json!({"MessageBody": "This is a test message"})).await;
    // The value in AWS's documentation.
    assert_eq!((status, &sent["MD5OfMessageBody"]), (200, &json!("fafb00f5732ab283681e124bf8747ed1")));
    let (_, got) = ask(&queue, "AmazonSQS.ReceiveMessage", json!({"MaxNumberOfMessages": 10})).await;
    let message = &got["Messages"][0];
    assert_eq!(
        (&message["MessageId"], &message["MD5OfBody"]),
        (&sent["MessageId"], &sent["MD5OfMessageBody"])
    );
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(queue.depth(), Depth { in_flight: 1, ..Depth::default() });
    let (_, attributes) =
        ask(&queue, "AmazonSQS.GetQueueAttributes", json!({"AttributeNames": ["All"]})).await;
    assert_eq!(attributes["Attributes"]["ApproximateNumberOfMessagesNotVisible"], "1");
    ask(&queue, "AmazonSQS.DeleteMessage", json!({"ReceiptHandle": message["ReceiptHandle"]})).await;
    assert_eq!(queue.depth(), Depth::default());
}

#[tokio::test]
async fn a_delay_passes_with_the_clock() {
    let (queue, stage) = queue();
    ask(&queue, "AmazonSQS.SendMessage", json!({"MessageBody": "x", "DelaySeconds": 900})).await;
    stage.clock.advance(SignedDuration::from_secs(890));
    assert_eq!((queue.depth().delayed, queue.receive(1, SignedDuration::ZERO).len()), (1, 0));
    stage.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(queue.receive(1, SignedDuration::ZERO).len(), 1);
}

#[tokio::test]
async fn bad_requests_are_refused_as_sqs_does() {
    let (queue, _) = queue();
    for (body, code) in [
        (json!({"MessageBody": "x", "DelaySeconds": 901}), "com.amazonaws.sqs#InvalidParameterValue"),
        (json!({"MessageBody": ""}), "com.amazonaws.sqs#MissingParameter"),
        (json!({"MessageBody": "x", "QueueUrl": "http://x/1/other"}), "com.amazonaws.sqs#QueueDoesNotExist"),
    ] {
        let (status, answer) = ask(&queue, "AmazonSQS.SendMessage", body).await;
        assert_eq!((status, &answer["__type"]), (400, &json!(code)));
    }
    let entry = |id: &str, delay: u32| json!({"Id": id, "MessageBody": id, "DelaySeconds": delay});
    let (_, answer) =
        ask(&queue, "AmazonSQS.SendMessageBatch", json!({"Entries": [entry("a", 0), entry("b", 1000)]}))
            .await;
    assert_eq!((&answer["Successful"][0]["Id"], &answer["Failed"][0]["Id"]), (&json!("a"), &json!("b")));
    let twice = json!({"Entries": [entry("a", 0), entry("a", 0)]});
    assert_eq!(
        ask(&queue, "AmazonSQS.SendMessageBatch", twice).await.1["__type"],
        "com.amazonaws.sqs#BatchEntryIdsNotDistinct"
    );
    assert_eq!(ask(&queue, "AmazonSQS.SendMessageBatch", json!({"Entries": []})).await.0, 400);
}

#[tokio::test]
async fn the_event_is_lambdas() {
    let (queue, stage) = queue();
    queue.send("hello", SignedDuration::ZERO);
    let seen = Arc::new(Mutex::new(Value::Null));
    let eye = seen.clone();
    let calls = calls(&stage, move |event| {
        *lock(&eye) = event;
        Ok(Value::Null)
    });
    assert!(queue.deliver(&calls, "deliver", 10).await);
    let event = lock(&seen).clone();
    // The keys of AWS's example, without the attributes, which are not set here.
    let mut keys: Vec<_> = event["Records"][0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "attributes",
        "awsRegion",
        "body",
        "eventSource",
        "eventSourceARN",
        "md5OfBody",
        "messageAttributes",
        "messageId",
        "receiptHandle",
    ];
    assert_eq!(keys, expected);
    assert_eq!(queue.depth(), Depth::default());
}

#[tokio::test]
async fn what_fails_comes_back_and_is_dead_in_the_end() {
    let (queue, stage) = queue();
    let (good, bad) = (queue.send("good", SignedDuration::ZERO), queue.send("bad", SignedDuration::ZERO));
    let name = bad.clone();
    let calls = calls(&stage, move |_| Ok(json!({"batchItemFailures": [{"itemIdentifier": name}]})));
    assert!(queue.deliver(&calls, "deliver", 10).await);
    assert!(queue.messages().iter().all(|message| message.id != good), "what was done is deleted");
    assert!(!queue.deliver(&calls, "deliver", 10).await, "not before its visibility ends");
    stage.clock.advance(SignedDuration::from_secs(60));
    assert!(queue.deliver(&calls, "deliver", 10).await);
    stage.clock.advance(SignedDuration::from_secs(60));
    assert!(!queue.deliver(&calls, "deliver", 10).await);
    assert_eq!(queue.dead().iter().map(|message| &message.id).collect::<Vec<_>>(), [&bad]);
}

#[tokio::test]
async fn a_failed_call_deletes_nothing() {
    let (queue, stage) = queue();
    queue.send("x", SignedDuration::ZERO);
    assert!(queue.deliver(&calls(&stage, |_| Err("boom".into())), "deliver", 10).await);
    assert_eq!(queue.depth().in_flight, 1);
    let (queue, stage) = self::queue();
    queue.send("x", SignedDuration::ZERO);
    let strange = calls(&stage, |_| Ok(json!({"batchItemFailures": [{"itemIdentifier": "who?"}]})));
    queue.deliver(&strange, "deliver", 10).await;
    assert_eq!(queue.depth().in_flight, 1, "a failure that names nobody is everybody's");
}

#[tokio::test]
async fn batches_run_side_by_side_but_not_more_than_four() {
    let (queue, stage) = queue();
    for n in 0..60 {
        queue.send(&n.to_string(), SignedDuration::ZERO);
    }
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (running, peak) = (now.clone(), most.clone());
    let hands = Hands::InProcess(Arc::new(move |_, _| {
        let (running, peak) = (running.clone(), peak.clone());
        Box::pin(async move {
            peak.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(Value::Null)
        })
    }));
    let calls = Calls::new(hands, stage);
    let feed = tokio::spawn(queue.clone().feed(calls, "deliver".into(), 10));
    let empty = async {
        while queue.depth() != Depth::default() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), empty).await.unwrap();
    feed.abort();
    assert_eq!((most.load(Ordering::SeqCst), now.load(Ordering::SeqCst)), (CONCURRENCY, 0));
}
