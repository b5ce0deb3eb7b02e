//! What the binary prints of itself: help, version, completions, a systemd unit.

use super::typed;

#[tokio::test]
async fn help_comes_in_groups_and_names_every_subcommand() {
    let help = typed(&["--help"]).await;
    let help = &help.well().out;
    for heading in [
        "Where:",
        "For tests:",
        "Promises and limits:",
        "Backups:",
        "Accounts:",
        "Mail:",
        "Log:",
        "Commands:",
    ] {
        assert!(
            help.lines().any(|line| line == heading),
            "no {heading} in {help}"
        );
    }
    for command in [
        "notify",
        "backup",
        "restore",
        "check",
        "doctor",
        "healthcheck",
        "search",
        "session",
        "user",
        "admin",
        "completions",
        "systemd",
    ] {
        let line = help
            .lines()
            .find(|line| line.trim_start().starts_with(command));
        let line = line.unwrap_or_else(|| panic!("no {command} in {help}"));
        assert!(
            line.trim().len() > command.len(),
            "{command} is not explained"
        );
        typed(&[command, "--help"]).await.well();
    }
    let short = typed(&["-h"]).await;
    assert!(short.well().out.contains("Promises and limits:"));
}

#[tokio::test]
async fn the_version_is_told() {
    for flag in ["-V", "--version"] {
        let version = typed(&[flag]).await;
        assert_eq!(
            version.well().out,
            format!("chat {}\n", env!("CARGO_PKG_VERSION"))
        );
    }
}

#[tokio::test]
async fn shells_are_told_how_to_complete() {
    for (shell, sign) in [
        ("bash", "complete -F _chat"),
        ("zsh", "#compdef chat"),
        ("fish", "complete -c chat"),
    ] {
        let script = typed(&["completions", shell]).await;
        let script = &script.well().out;
        for word in [sign, "public-url", "suspend"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    typed(&["completions", "dos"]).await.badly(2, "bash");
    typed(&["completions"]).await.badly(2, "completions");
}

#[tokio::test]
async fn a_unit_runs_this_binary_with_these_flags() {
    let flags = [
        "--db",
        "/var/lib/chat/50% of $it.db",
        "--listen",
        "0.0.0.0:443",
    ];
    let unit = typed(&[&["systemd"], &flags[..]].concat()).await;
    let unit = &unit.well().out;
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let expected = format!(
        r#"{} --db "/var/lib/chat/50%% of $$it.db" --listen 0.0.0.0:443"#,
        env!("CARGO_BIN_EXE_chat")
    );
    assert_eq!(start, Some(&*expected));
    assert!(unit.lines().any(|line| line == "Type=notify"), "{unit}");
    assert!(unit.ends_with("WantedBy=multi-user.target\n"), "{unit}");
    for section in ["[Unit]", "[Service]", "[Install]"] {
        assert!(unit.lines().any(|line| line == section), "{section}");
    }
    let plain = typed(&["systemd"]).await;
    let plain = plain
        .well()
        .out
        .lines()
        .find(|line| line.starts_with("ExecStart="));
    assert_eq!(
        plain,
        Some(&*format!("ExecStart={}", env!("CARGO_BIN_EXE_chat")))
    );
    // What would not start is no unit.
    for (wrong, words) in [
        (&["--listne", "3000"][..], "--listen"),
        (&["--temp", "--db", "chat.db"], "cannot be used with"),
        (&["--user", "ann:password of ann"], "--temp"),
        (&["user", "list"], "serve"),
    ] {
        typed(&[&["systemd"], wrong].concat()).await.badly(2, words);
    }
}
