//! How is a running server set? Each flag with its value, and the line that would change it, for administrators.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory};

use super::Flags;
use crate::core::database::Database;
use crate::web::watch::Setting;

/// Flags whose values are secret.
const SECRET: [&str; 1] = ["user"];

/// Each flag of a server, with its value in these arguments.
pub fn settings(matches: &ArgMatches) -> Vec<Setting> {
    let command = Flags::command();
    let shown = command
        .get_arguments()
        .filter(|arg| !matches!(arg.get_id().as_str(), "help" | "version"));
    shown
        .filter_map(|arg| Some(setting(matches, arg, arg.get_long()?)))
        .collect()
}

fn setting(matches: &ArgMatches, arg: &Arg, long: &str) -> Setting {
    let id = arg.get_id().as_str();
    let flag = format!("--{long}");
    let source = matches.value_source(id);
    let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let value = if is_switch {
        matches.get_flag(id).then(|| "on".to_owned())
    } else {
        let values = matches.get_raw(id).map(|values| {
            let values = values.map(|value| value.to_string_lossy().into_owned());
            values.collect::<Vec<_>>().join(" ")
        });
        values.map(|values| match id {
            _ if SECRET.contains(&id) => "set".to_owned(),
            "db" => values
                .parse::<Database>()
                .map_or(values, |db| db.to_string()),
            _ => values,
        })
    };
    let names = arg.get_value_names().unwrap_or_default();
    let example = names.first().map_or("", |name| name.as_str());
    let line = match &value {
        _ if is_switch => flag.clone(),
        Some(value) if !SECRET.contains(&id) => format!("{flag} {}", quoted(value)),
        _ => format!("{flag} {example}"),
    };
    Setting {
        is_default: source != Some(ValueSource::CommandLine),
        help: arg.get_help().map_or(String::new(), ToString::to_string),
        flag,
        value,
        line,
    }
}

/// Quoted for a shell, if necessary.
pub fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,*[]".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}
