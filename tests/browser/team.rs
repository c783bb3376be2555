//! Two people, two browsers: the story of a team at one line (S113..S126).

use serde_json::json;
use simgate::store::Role;

use crate::TO;
use crate::stage::{Stage, complaints, says};

/// S116, S118..S124, S126: a claim moves the conversation out of the other's Active tab while they
/// look; they cannot answer; as a participant they see it among their own and may close it.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_seen_by_the_other_at_once() {
    let Some(stage) = Stage::new().await else { return };
    stage.strict().await;
    let anna = stage.site.user("Anna", Role::Agent).await;
    let ben = stage.site.user("Ben", Role::Agent).await;
    let (anna, ben_browser) = (stage.joined_by(anna).await, stage.joined_by(ben).await);
    stage.site.receives(TO, "Can I bring my dog?").await;
    for browser in [&anna, &ben_browser] {
        says(browser, "#tabs", "Active 1").await;
        browser.click("#row-1 a").await;
        browser
            .until("document.querySelector('#compose').textContent.includes('Claim and answer')")
            .await;
    }
    says(&ben_browser, "#present", "Anna Example is here").await;

    anna.click("#compose .primary").await;
    anna.until("document.querySelector('#text')").await;
    says(&ben_browser, "#tabs", "Team 1").await;
    ben_browser.until("!document.querySelector('#items > li')").await;
    says(&ben_browser, "#compose", "Anna Example has this conversation").await;
    says(&ben_browser, "#timeline", "Anna Example claimed it").await;
    ben_browser.until("!document.querySelector('button[value=close]')").await;
    // Nor does a page that is older than the claim get an answer through.
    let answer = "fetch('/threads/1/messages', { method: 'POST', body: new URLSearchParams({ text: 'Mine', key: 'k' }) })
        .then(answer => answer.status)";
    assert_eq!(ben_browser.value(answer).await, json!(409));

    anna.type_into("#text", "Of course.").await;
    says(&ben_browser, "#present", "Anna Example is writing").await;
    anna.click("#compose .primary").await;
    says(&ben_browser, "#timeline", "Of course.").await;

    anna.value("document.querySelector('#add').value = [...document.querySelectorAll('#add option')].find(o => o.textContent.startsWith('Ben')).value").await;
    anna.value("document.querySelector('button[value=add]').click()").await;
    says(&ben_browser, "#tabs", "Active 1").await;
    ben_browser.until("document.querySelector('button[value=close]')").await;
    ben_browser.click("button[value=close]").await;
    // What was refused before is still there as words of their own: they are asked first (E127).
    says(&ben_browser, "#closing", "You have not sent what you wrote").await;
    ben_browser.click("#closing button").await;
    says(&anna, "#tabs", "Closed 1").await;
    says(&anna, "#timeline", "Ben Example closed it").await;
    stage.site.receives(TO, "One more thing").await;
    says(&anna, "#items", "One more thing").await;
    for browser in [&anna, &ben_browser] {
        assert_eq!(complaints(browser).await, Vec::<String>::new());
    }
}
