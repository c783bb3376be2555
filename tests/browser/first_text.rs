//! The first minutes with a gateway of one's own: from the printed link to a text that was delivered.
//!
//! The program itself, as an operator runs it, with an emulated modem on a real pty.

use std::fs;

use crate::PATIENCE;
use crate::driver::Browser;
use crate::program::Program;
use crate::stage::says;

/// D15: nobody can sign in until the link that was printed made the first admin; the line says how
/// people are reached and is in service; somebody is added, written to and reached. Then out, and in
/// again with the password. How long the script took is printed: a person has five minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_gateway_sends_its_first_text() {
    let browser = match Browser::open().await {
        Ok(browser) => browser,
        Err(why) => return println!("skipped: {why}"),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name);
    let links = file("modems").display().to_string();
    let mut emulator = Program::start(
        &["emulate", "--link", &links, "--control", "127.0.0.1:0"],
        &file("emulator.log"),
    );
    emulator.says("control http://").await.expect("the emulator runs");
    let settings = format!(
        "data_dir = \"{}\"\n[organisation]\nname = \"Rock Legal\"\ncountry = \"GB\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
         [[modem]]\nport = \"{links}/modem0\"\n",
        file("data").display()
    );
    fs::write(file("simgate.toml"), settings).expect("settings");
    let config = file("simgate.toml").display().to_string();
    let mut gateway = Program::start(&["run", "--config", &config], &file("gateway.log"));
    let link = gateway.says("sign in once: ").await.expect("the gateway starts");
    let address = gateway.says("ready ").await.expect("the gateway is ready");

    let began = now(&browser).await;
    browser.look(1280, 800, "light").await;
    browser.go(&format!("{address}/signin")).await;
    says(&browser, "main", "Nobody can sign in yet").await;
    browser.go(&link).await;
    browser.whole_picture("first-run").await;
    for (field, words) in [
        ("#first_name", "Ada"),
        ("#last_name", "Lovelace"),
        ("#email", "ada@example.org"),
        ("#password", "correct horse battery"),
    ] {
        browser.type_into(field, words).await;
    }
    browser.click("main button").await;
    // The modem was found meanwhile: its SIM is a line.
    browser.until("document.querySelector('#lines .modem.ready')").await;

    browser.click("nav.places a:last-child").await;
    browser.click("nav.side a[href='/lines']").await;
    browser.click(".rows td a").await;
    browser.type_into("#line-help_contact", "+44 1632 960001").await;
    browser.choose("#line-sms", "On").await;
    browser.click("#line button.primary, #line button").await;
    browser.until("document.querySelector('.said')").await;
    browser.picture("line-set-up").await;

    browser.click("a[href='/contacts']").await;
    browser.click("a[href='/contacts/new']").await;
    browser.type_into("#first_name", "Sam").await;
    browser.type_into("#numbers", "07700 900123").await;
    browser.click("main form.card .primary").await;
    browser.click("main a[href^='/new?with=']").await;
    browser.click(".people button").await;
    browser.type_into("#text", "Hello Sam, this is our new number.").await;
    browser.click("#compose .primary").await;
    says(&browser, ".message.out .text", "Hello Sam").await;
    says(&browser, ".message.out .state", "delivered").await;
    let took = (now(&browser).await - began) / 1_000.0;
    println!("first run to first text delivered: {took:.1} s of script");

    browser.click("#account summary").await;
    browser.click("#account button").await;
    browser.until("document.querySelector('#password')").await;
    browser.picture("sign-in").await;
    browser.type_into("#email", "ada@example.org").await;
    browser.type_into("#password", "correct horse battery").await;
    browser.click("main button").await;
    says(&browser, "#items", "Hello Sam").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    let ended = tokio::time::timeout(PATIENCE, gateway.terminate()).await;
    assert!(ended.expect("it stops").success());
}

/// Milliseconds by the browser's clock.
async fn now(browser: &Browser) -> f64 {
    browser.value("Date.now()").await.as_f64().expect("a number")
}
