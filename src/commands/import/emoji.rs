//! Which emoji do Slack and Mattermost mean by a name? Those that people use; a name that is not here stays as it is.

/// The emoji of a name, without its colons. A skin tone (`wave::skin-tone-3`) is put behind it.
pub fn named(name: &str) -> Option<String> {
    let (name, tone) = match name.split_once("::skin-tone-") {
        Some((name, tone)) => (name, tone),
        None => (name, ""),
    };
    let (_, emoji) = NAMES
        .iter()
        .find(|(names, _)| names.split(' ').any(|known| known == name))?;
    let tone = match tone {
        "2" => "\u{1F3FB}",
        "3" => "\u{1F3FC}",
        "4" => "\u{1F3FD}",
        "5" => "\u{1F3FE}",
        "6" => "\u{1F3FF}",
        _ => "",
    };
    Some(format!("{emoji}{tone}"))
}

/// The text with `:names:` as emoji, except in code.
pub fn in_text(text: &str) -> String {
    if !text.contains(':') {
        return text.to_owned();
    }
    let mut said = String::with_capacity(text.len());
    // Parts with an odd number are between backticks.
    for (nth, part) in text.split('`').enumerate() {
        if nth > 0 {
            said.push('`');
        }
        match nth % 2 {
            0 => replace(part, &mut said),
            _ => said.push_str(part),
        }
    }
    said
}

fn replace(text: &str, said: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        said.push_str(before);
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_+-".contains(c);
        let end = after[1..]
            .find(|c: char| !is_of_name(c))
            .map(|end| end + 1)
            .filter(|end| after[*end..].starts_with(':'));
        let Some(end) = end else {
            said.push(':');
            rest = &after[1..];
            continue;
        };
        // `:wave::skin-tone-2:` is one.
        let toned = after[end..]
            .strip_prefix("::skin-tone-")
            .and_then(|tone| tone.find(':').filter(|at| *at == 1))
            .map(|_| end + "::skin-tone-2".len());
        let whole = toned.unwrap_or(end);
        match named(&after[1..whole]) {
            Some(emoji) => {
                said.push_str(&emoji);
                rest = &after[whole + 1..];
            }
            None => {
                // The second colon may begin the next one.
                said.push_str(&after[..end]);
                rest = &after[end..];
            }
        }
    }
    said.push_str(rest);
}

const NAMES: &[(&str, &str)] = &[
    ("+1 thumbsup", "👍"),
    ("-1 thumbsdown", "👎"),
    ("heart", "❤️"),
    ("joy", "😂"),
    ("smile", "😄"),
    ("smiley", "😃"),
    ("grinning", "😀"),
    ("grin", "😁"),
    ("laughing satisfied", "😆"),
    ("sweat_smile", "😅"),
    ("rolling_on_the_floor_laughing rofl", "🤣"),
    ("slightly_smiling_face", "🙂"),
    ("upside_down_face", "🙃"),
    ("wink", "😉"),
    ("blush", "😊"),
    ("innocent", "😇"),
    ("heart_eyes", "😍"),
    ("star-struck", "🤩"),
    ("kissing_heart", "😘"),
    ("yum", "😋"),
    ("stuck_out_tongue", "😛"),
    ("stuck_out_tongue_winking_eye", "😜"),
    ("zany_face", "🤪"),
    ("hugging_face hugs", "🤗"),
    ("thinking_face thinking", "🤔"),
    ("face_with_raised_eyebrow", "🤨"),
    ("neutral_face", "😐"),
    ("expressionless", "😑"),
    ("no_mouth", "😶"),
    ("smirk", "😏"),
    ("unamused", "😒"),
    ("face_with_rolling_eyes roll_eyes", "🙄"),
    ("grimacing", "😬"),
    ("relieved", "😌"),
    ("pensive", "😔"),
    ("sleepy", "😪"),
    ("sleeping", "😴"),
    ("mask", "😷"),
    ("nauseated_face", "🤢"),
    ("exploding_head", "🤯"),
    ("partying_face", "🥳"),
    ("sunglasses", "😎"),
    ("nerd_face", "🤓"),
    ("confused", "😕"),
    ("worried", "😟"),
    ("slightly_frowning_face", "🙁"),
    ("open_mouth", "😮"),
    ("astonished", "😲"),
    ("flushed", "😳"),
    ("pleading_face", "🥺"),
    ("fearful", "😨"),
    ("cold_sweat", "😰"),
    ("cry", "😢"),
    ("sob", "😭"),
    ("scream", "😱"),
    ("disappointed", "😞"),
    ("sweat", "😓"),
    ("weary", "😩"),
    ("tired_face", "😫"),
    ("triumph", "😤"),
    ("rage", "😡"),
    ("angry", "😠"),
    ("skull", "💀"),
    ("hankey poop", "💩"),
    ("ghost", "👻"),
    ("robot_face robot", "🤖"),
    ("see_no_evil", "🙈"),
    ("broken_heart", "💔"),
    ("orange_heart", "🧡"),
    ("yellow_heart", "💛"),
    ("green_heart", "💚"),
    ("blue_heart", "💙"),
    ("purple_heart", "💜"),
    ("100", "💯"),
    ("boom collision", "💥"),
    ("dizzy", "💫"),
    ("zzz", "💤"),
    ("wave", "👋"),
    ("raised_hand hand", "✋"),
    ("ok_hand", "👌"),
    ("v", "✌️"),
    ("crossed_fingers", "🤞"),
    ("metal the_horns", "🤘"),
    ("call_me_hand", "🤙"),
    ("point_left", "👈"),
    ("point_right", "👉"),
    ("point_up_2", "👆"),
    ("point_up", "☝️"),
    ("point_down", "👇"),
    ("fist", "✊"),
    ("facepunch punch", "👊"),
    ("clap", "👏"),
    ("raised_hands", "🙌"),
    ("open_hands", "👐"),
    ("handshake", "🤝"),
    ("pray", "🙏"),
    ("muscle", "💪"),
    ("eyes", "👀"),
    ("brain", "🧠"),
    ("shrug", "🤷"),
    ("face_palm facepalm", "🤦"),
    ("dancer", "💃"),
    ("dog", "🐶"),
    ("cat", "🐱"),
    ("unicorn_face unicorn", "🦄"),
    ("bug", "🐛"),
    ("turtle", "🐢"),
    ("snail", "🐌"),
    ("penguin", "🐧"),
    ("rose", "🌹"),
    ("sunny", "☀️"),
    ("rainbow", "🌈"),
    ("snowflake", "❄️"),
    ("fire", "🔥"),
    ("droplet", "💧"),
    ("ocean", "🌊"),
    ("pizza", "🍕"),
    ("hamburger", "🍔"),
    ("popcorn", "🍿"),
    ("doughnut", "🍩"),
    ("cookie", "🍪"),
    ("birthday", "🎂"),
    ("cake", "🍰"),
    ("coffee", "☕"),
    ("tea", "🍵"),
    ("champagne", "🍾"),
    ("beer", "🍺"),
    ("beers", "🍻"),
    ("clinking_glasses", "🥂"),
    ("christmas_tree", "🎄"),
    ("sparkles", "✨"),
    ("balloon", "🎈"),
    ("tada", "🎉"),
    ("confetti_ball", "🎊"),
    ("gift", "🎁"),
    ("trophy", "🏆"),
    ("first_place_medal 1st_place_medal", "🥇"),
    ("soccer", "⚽"),
    ("dart", "🎯"),
    ("art", "🎨"),
    ("musical_note", "🎵"),
    ("headphones", "🎧"),
    ("phone telephone", "☎️"),
    ("iphone", "📱"),
    ("computer", "💻"),
    ("bulb", "💡"),
    ("book", "📖"),
    ("books", "📚"),
    ("moneybag", "💰"),
    ("email envelope", "✉️"),
    ("package", "📦"),
    ("memo pencil", "📝"),
    ("calendar", "📆"),
    ("date", "📅"),
    ("chart_with_upwards_trend", "📈"),
    ("chart_with_downwards_trend", "📉"),
    ("pushpin", "📌"),
    ("paperclip", "📎"),
    ("lock", "🔒"),
    ("key", "🔑"),
    ("hammer", "🔨"),
    ("wrench", "🔧"),
    ("gear", "⚙️"),
    ("link", "🔗"),
    ("rocket", "🚀"),
    ("airplane", "✈️"),
    ("car", "🚗"),
    ("bike", "🚲"),
    ("ship", "🚢"),
    ("construction", "🚧"),
    ("rotating_light", "🚨"),
    ("house", "🏠"),
    ("office", "🏢"),
    ("earth_africa", "🌍"),
    ("earth_americas", "🌎"),
    ("star", "⭐"),
    ("star2", "🌟"),
    ("zap", "⚡"),
    ("hourglass_flowing_sand", "⏳"),
    ("alarm_clock", "⏰"),
    ("warning", "⚠️"),
    ("no_entry", "⛔"),
    ("x", "❌"),
    ("heavy_check_mark", "✔️"),
    ("white_check_mark", "✅"),
    ("heavy_plus_sign", "➕"),
    ("heavy_minus_sign", "➖"),
    ("question", "❓"),
    ("exclamation heavy_exclamation_mark", "❗"),
    ("bangbang", "‼️"),
    ("arrow_right", "➡️"),
    ("arrow_left", "⬅️"),
    ("arrow_up", "⬆️"),
    ("arrow_down", "⬇️"),
    ("recycle", "♻️"),
    ("red_circle", "🔴"),
    ("large_blue_circle", "🔵"),
    ("large_green_circle", "🟢"),
    ("checkered_flag", "🏁"),
    ("speech_balloon", "💬"),
    ("thought_balloon", "💭"),
    ("bell", "🔔"),
    ("mega", "📣"),
    ("loudspeaker", "📢"),
    ("mag", "🔍"),
    ("crown", "👑"),
    ("saluting_face", "🫡"),
    ("heavy_heart_exclamation_mark_ornament", "❣️"),
    ("man-shrugging", "🤷‍♂️"),
    ("woman-shrugging", "🤷‍♀️"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_emoji_and_what_is_no_name_stays() {
        for (written, seen) in [
            ("ship it :rocket:!", "ship it 🚀!"),
            (":wave::skin-tone-3: hi", "👋🏼 hi"),
            (":+1::tada:", "👍🎉"),
            (
                "at 10:30:00 and :party_parrot:",
                "at 10:30:00 and :party_parrot:",
            ),
            ("`:fire:` is :fire:", "`:fire:` is 🔥"),
            (":unknown:fire:", ":unknown🔥"),
            ("a: b :", "a: b :"),
        ] {
            assert_eq!(in_text(written), seen, "{written}");
        }
    }
}
