use super::*;

#[tokio::test]
async fn the_switch_moves_forward_only_and_wakes_who_waits() {
    let shutdown = Shutdown::default();
    let other = shutdown.clone();
    let (draining, ended) = (shutdown.clone(), shutdown.clone());
    let draining = tokio::spawn(async move { draining.reached(Stage::Draining).await });
    let ended = tokio::spawn(async move { ended.reached(Stage::Ended).await });
    tokio::task::yield_now().await;
    assert!(!draining.is_finished());
    other.drain();
    draining.await.unwrap();
    assert_eq!(shutdown.stage(), Stage::Draining);
    assert!(!ended.is_finished());
    other.end();
    ended.await.unwrap();
    other.drain();
    assert_eq!(shutdown.stage(), Stage::Ended);
    shutdown.reached(Stage::Draining).await;
}
