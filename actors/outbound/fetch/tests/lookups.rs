//! Names that do not answer, and many who ask for the same.

use tokio::sync::OwnedSemaphorePermit;

use super::*;

/// Look-ups that are under way, each with the place that it holds.
type Asked = Rc<RefCell<Vec<(String, oneshot::Sender<()>, OwnedSemaphorePermit)>>>;

/// A resolver that answers when the test says so.
fn on_demand() -> (Resolve, Asked) {
    let asked = Asked::default();
    let list = Rc::clone(&asked);
    let resolve: Resolve = Rc::new(move |host, place| {
        let (sender, receiver) = oneshot::channel();
        list.borrow_mut().push((host.to_owned(), sender, place));
        async move { receiver.await.map(|()| vec![[127, 0, 0, 1].into()]).map_err(|_| "x".into()) }
            .boxed_local()
    });
    (resolve, asked)
}

async fn a_while() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn those_who_ask_for_one_name_at_one_time_share_its_answer() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let (resolve, asked) = on_demand();
        let client = FetchClient::with(allowing("*.test"), FetchLimits::default(), resolve);
        let session = FetchSession::new(Rc::new(client));
        let fetches: Vec<Fetch> = (0..5)
            .map(|_| session.start(request("GET", &server.url("a.test", "/"))).unwrap().0)
            .collect();
        a_while().await;
        assert_eq!(asked.borrow().len(), 1);
        asked.borrow_mut().pop().unwrap().1.send(()).unwrap();
        for mut fetch in fetches {
            assert_eq!(fetch.head().await.unwrap().status, 200);
        }
        let tls = format!("https://a.test:{}/", server.port);
        let (mut fetch, _) = session.start(request("GET", &tls)).unwrap();
        a_while().await;
        assert_eq!(asked.borrow().len(), 1, "a later connection asks anew");
        asked.borrow_mut().clear();
        assert!(fetch.head().await.is_err());
        assert_eq!(session.lookup_places.available_permits(), 8);
    });
}

#[test]
fn an_isolate_whose_names_do_not_answer_holds_up_only_itself() {
    run(async {
        let server = Server::fixed(&ok("hello")).await;
        let (resolve, asked) = on_demand();
        let client =
            Rc::new(FetchClient::with(allowing("*.test"), FetchLimits::default(), resolve));
        let (slow, other) = (FetchSession::new(Rc::clone(&client)), FetchSession::new(client));
        let fetches: Vec<Fetch> = (0..20)
            .map(|number| {
                let url = format!("http://slow{number}.test/");
                slow.start(request("GET", &url)).unwrap().0
            })
            .collect();
        a_while().await;
        assert_eq!(asked.borrow().len(), 8);
        // Who goes away leaves the threads behind that look the names up.
        drop(fetches);
        a_while().await;
        let (mut again, _) = slow.start(request("GET", "http://slow99.test/")).unwrap();
        a_while().await;
        assert_eq!(asked.borrow().len(), 8, "they are still counted");
        let (mut fetch, _) = other.start(request("GET", &server.url("a.test", "/"))).unwrap();
        a_while().await;
        let (host, sender, _place) = asked.borrow_mut().pop().unwrap();
        assert_eq!(host, "a.test", "another isolate has places of its own");
        sender.send(()).unwrap();
        assert_eq!(fetch.head().await.unwrap().status, 200);
        asked.borrow_mut().clear();
        a_while().await;
        assert_eq!(asked.borrow().len(), 1, "and the first goes on when they are over");
        asked.borrow_mut().clear();
        assert!(again.head().await.unwrap_err().to_string().contains("slow99.test"));
    });
}
