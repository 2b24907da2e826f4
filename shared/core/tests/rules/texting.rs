//! Facts about texts: their segments, their opt-out words, where numbers are.

use handbell_core::address::E164;
use handbell_core::texting::{
    BadNumber, FileRoute, OptOutKeyword, PriceClass, Segments, calling_code, file_route, is_short_code,
    is_thanks, may_text, opt_out_word, price_class, read_number, reads_like_opt_out, segments,
};
use proptest::prelude::*;

use crate::house::chance;

#[test]
fn segments_are_counted_at_their_limits() {
    let table: &[(String, u32, Option<char>)] = &[
        (String::new(), 0, None),
        ("a".repeat(160), 1, None),
        ("a".repeat(161), 2, None),
        ("a".repeat(306), 2, None),
        ("a".repeat(307), 3, None),
        ("é@£\n ΔÄ".to_owned(), 1, None),
        ("€".repeat(80), 1, None),
        ("€".repeat(81), 2, None),
        // 76 in a segment, and a place that stays free; not 76.5.
        ("€".repeat(152), 2, None),
        ("€".repeat(153), 3, None),
        ("ç".to_owned(), 1, Some('ç')),
        ("’".repeat(70), 1, Some('’')),
        ("’".repeat(71), 2, Some('’')),
        ("’".repeat(134), 2, Some('’')),
        ("’".repeat(135), 3, Some('’')),
        ("😀".repeat(35), 1, Some('😀')),
        ("😀".repeat(66), 2, Some('😀')),
        ("😀".repeat(67), 3, Some('😀')),
        ("tab\tor `tick`".to_owned(), 1, Some('\t')),
    ];
    for (text, count, unicode) in table {
        assert_eq!(segments(text), Segments { count: *count, unicode: *unicode }, "{text:?}");
    }
}

/// The fewest segments into which characters of these lengths can be cut, tried out cut by cut.
fn fewest(lengths: &[usize], each: usize) -> u32 {
    let mut best = vec![0_u32; lengths.len() + 1];
    for end in 1..=lengths.len() {
        best[end] = (0..end)
            .rev()
            .take_while(|start| lengths[*start..end].iter().sum::<usize>() <= each)
            .map(|start| best[start] + 1)
            .min()
            .unwrap();
    }
    best[lengths.len()]
}

#[test]
fn opt_out_words_are_recognised() {
    let table = [
        ("STOP", Some(OptOutKeyword::Stop)),
        (" stop\n", Some(OptOutKeyword::Stop)),
        ("Stop.", Some(OptOutKeyword::Stop)),
        ("stop !!", Some(OptOutKeyword::Stop)),
        ("StopAll", Some(OptOutKeyword::Stop)),
        ("unsubscribe", Some(OptOutKeyword::Stop)),
        ("cancel", Some(OptOutKeyword::Stop)),
        ("End", Some(OptOutKeyword::Stop)),
        ("quit", Some(OptOutKeyword::Stop)),
        ("revoke", Some(OptOutKeyword::Stop)),
        ("optout", Some(OptOutKeyword::Stop)),
        ("start", Some(OptOutKeyword::Start)),
        ("Yes", Some(OptOutKeyword::Start)),
        ("unstop", Some(OptOutKeyword::Start)),
        ("help", Some(OptOutKeyword::Help)),
        ("INFO", Some(OptOutKeyword::Help)),
        ("opt out", Some(OptOutKeyword::Stop)),
        ("Opt out.", Some(OptOutKeyword::Stop)),
        ("opt-out", Some(OptOutKeyword::Stop)),
        ("OPT\u{2011}OUT!", Some(OptOutKeyword::Stop)),
        ("Opt  Out", Some(OptOutKeyword::Stop)),
        ("Stop all", Some(OptOutKeyword::Stop)),
        ("\"STOP\"", Some(OptOutKeyword::Stop)),
        ("“Stop”", Some(OptOutKeyword::Stop)),
        ("«quit»", Some(OptOutKeyword::Stop)),
        ("'unsubscribe'", Some(OptOutKeyword::Stop)),
        ("*STOP*", Some(OptOutKeyword::Stop)),
        ("**Cancel**", Some(OptOutKeyword::Stop)),
        ("_end_", Some(OptOutKeyword::Stop)),
        ("(stop)", Some(OptOutKeyword::Stop)),
        ("-stop-", Some(OptOutKeyword::Stop)),
        ("stop…", Some(OptOutKeyword::Stop)),
        ("\u{feff}STOP\u{200b}", Some(OptOutKeyword::Stop)),
        ("ST\u{ad}OP", Some(OptOutKeyword::Stop)),
        ("\u{202a}stop\u{202c}", Some(OptOutKeyword::Stop)),
        ("stop\u{3164}", Some(OptOutKeyword::Stop)),
        ("stop\0", Some(OptOutKeyword::Stop)),
        ("\u{a0}Stop\u{a0}", Some(OptOutKeyword::Stop)),
        ("ＳＴＯＰ", Some(OptOutKeyword::Stop)),
        ("ｏｐｔ　ｏｕｔ！", Some(OptOutKeyword::Stop)),
        ("𝗦𝗧𝗢𝗣", Some(OptOutKeyword::Stop)),
        ("STOP 🛑", Some(OptOutKeyword::Stop)),
        ("STOP STOP", Some(OptOutKeyword::Stop)),
        ("stop!\nstop!", Some(OptOutKeyword::Stop)),
        ("Stop. Thank you", None),
        ("stop please", None),
        ("Stop?", None),
        ("the end", None),
        ("ends", None),
        ("stop 2", None),
        ("Yes!", None),
        ("Help!", None),
        ("Yes please", None),
        ("Please stop", None),
        ("stop it", None),
        ("ſtop", None),
        (".", None),
        ("", None),
    ];
    for (body, word) in table {
        assert_eq!(opt_out_word(body), word, "{body:?}");
    }
}

#[test]
fn a_message_that_may_be_a_wish_for_no_texts_is_recognised() {
    let wishes = [
        "Stop. Thank you",
        "stop please",
        "Please stop",
        "STOP IT",
        "please stop calling me",
        "Stop texting me!!",
        "stop these messages now",
        "ok stop",
        "Cancel please",
        "please UNSUBSCRIBE me from this list",
        "I want to opt out",
        "opt me out of this",
        "Remove me from your list",
        "don't text me",
        "Don’t text me again",
        "do not contact me",
        "no more texts please",
        "ＳＴＯＰ please",
        "\u{200b}stop\u{200b} thanks",
        "Stop?",
        "take me off your list",
    ];
    for wish in wishes {
        assert!(reads_like_opt_out(wish), "{wish:?}");
    }
    let others = [
        "",
        "hi",
        "Can I stop by tomorrow?",
        "Where is the bus stop?",
        "my watch stopped",
        "I want to cancel my order",
        "please cancel it",
        "at the end of the week",
        "I do not write well",
        "don't contact lenses cost more?",
        "thank you",
        "no more milk please",
    ];
    for other in others {
        assert!(!reads_like_opt_out(other), "{other:?}");
    }
}

#[test]
fn thanks_are_told_from_questions_and_requests() {
    let thanks = [
        "Thanks!",
        "thank you",
        "Thank you so much :)",
        "👍",
        "👍🏽",
        "👍 👍",
        "❤️",
        "Thx 🙏",
        "ok",
        "OK, thanks a lot",
        "Okay. Bye!",
        "no thanks",
        "Great, thank you very much for your help",
        "Perfect",
        "cheers",
        "danke schön",
        "Merci beaucoup !",
        "Got it, thanks",
        "Have a nice day, bye",
        "Liked “Thank you, and goodbye.”",
        "Loved an image",
        "\u{200a}👍\u{200b} to “\u{200a}Thank you\u{200a}”\u{200b}",
        "Reacted 🙏 to “Goodbye”",
        ":-)",
    ];
    for text in thanks {
        assert!(is_thanks(text), "{text:?}");
    }
    let others = [
        "",
        "...",
        "hi",
        "Thanks, when do you open?",
        "thanks?",
        "Thanks but it is still broken",
        "ok do it",
        "ok 2 please",
        "👎",
        "thanks 😡",
        "🚑",
        "no",
        "no help",
        "Questioned “We open at 9”",
        "Disliked “We open at 9”",
        "liked your shop, do you deliver",
        "good day",
        "HELP",
    ];
    for text in others {
        assert!(!is_thanks(text), "{text:?}");
    }
}

#[test]
fn the_country_code_of_a_number_is_known() {
    let table = [
        ("+352691496401", Some("+352")),
        ("+12025550100", Some("+1")),
        ("+79161234567", Some("+7")),
        ("+4915112345678", Some("+49")),
        ("+33612345678", Some("+33")),
        ("+3725012345", Some("+372")),
        ("+423123456", Some("+423")),
        ("+201001234567", Some("+20")),
        ("+2111234567", Some("+211")),
        ("+85261234567", Some("+852")),
        ("+9611234567", Some("+961")),
        ("+88", None), // too short for its code
        ("352691496401", None),
        ("+0352691", None),
        ("HANDBELL", None),
        ("", None),
    ];
    for (number, code) in table {
        assert_eq!(calling_code(number), code, "{number}");
    }
}

#[test]
fn texts_have_a_price_class() {
    let table = [
        ("+352691496401", "+352691000000", PriceClass::Domestic),
        ("+352691496401", "+33612345678", PriceClass::International),
        ("+12025550100", "+14165550100", PriceClass::Domestic),
        ("+12025550100", "+18765550100", PriceClass::International),
        ("+16585550100", "+18765550100", PriceClass::Domestic),
        ("+12425550100", "+18765550100", PriceClass::International),
        ("+79161234567", "+77011234567", PriceClass::International),
        ("HANDBELL", "+352691496401", PriceClass::International),
        ("+352691496401", "12345", PriceClass::International),
        ("12345", "12345", PriceClass::International),
    ];
    for (from, to, class) in table {
        assert_eq!(price_class(from, to), class, "{from} {to}");
    }
}

#[test]
fn texts_go_only_to_allowed_countries() {
    let list = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>();
    let table = [
        ("+352691496401", list(&[]), true),
        ("12345", list(&[]), false),
        ("HANDBELL", list(&[]), false),
        ("+352691496401", list(&["+352"]), true),
        ("+352691496401", list(&["+49", "+352"]), true),
        ("+352691496401", list(&["+352691"]), true),
        ("+352691496401", list(&["+352621"]), false),
        ("+352691496401", list(&["+35"]), false),
        ("+352691496401", list(&["+3"]), false),
        ("+352691496401", list(&["+"]), false),
        ("+352691496401", list(&[""]), false),
        ("+352691496401", list(&["352"]), false),
        ("+18765550100", list(&["+1"]), true),
        ("+18765550100", list(&["+1876"]), true),
        ("+12025550100", list(&["+1876"]), false),
    ];
    for (to, countries, may) in table {
        assert_eq!(may_text(to, &countries), may, "{to} {countries:?}");
    }
}

#[test]
fn short_codes_and_names_cannot_be_answered() {
    for number in ["123", "12345", "123456", "+12345", "HANDBELL", "My Shop", "", "anonymous", "352691496401"]
    {
        assert!(is_short_code(number), "{number}");
    }
    for number in ["+352691496401", "+12025550100", "+6834000", "+29021234"] {
        assert!(!is_short_code(number), "{number}");
    }
}

#[test]
fn a_file_goes_as_mms_or_as_a_link() {
    let (ours, canada, jamaica, here) = ("+12025550100", "+14165550100", "+18765550100", "+352691496401");
    let table = [
        (ours, canada, "image/jpeg", 5_000_000, FileRoute::Mms),
        (ours, canada, "image/jpeg", 5_000_001, FileRoute::Link),
        (ours, canada, "Image/PNG; name=a.png", 1, FileRoute::Mms),
        (ours, canada, "image/gif", 0, FileRoute::Link),
        (ours, canada, "application/pdf", 500_000, FileRoute::Mms),
        (ours, canada, "application/pdf", 500_001, FileRoute::Link),
        (ours, canada, "text/html", 10, FileRoute::Link),
        (ours, canada, "image/svg+xml", 10, FileRoute::Link),
        (ours, canada, "", 10, FileRoute::Link),
        (ours, jamaica, "image/jpeg", 10, FileRoute::Link),
        (jamaica, ours, "image/jpeg", 10, FileRoute::Link),
        (ours, here, "image/jpeg", 10, FileRoute::Link),
        (here, here, "image/jpeg", 10, FileRoute::Link),
        ("12345", ours, "image/jpeg", 10, FileRoute::Link),
        ("HANDBELL", ours, "image/jpeg", 10, FileRoute::Link),
        (ours, "+1202", "image/jpeg", 10, FileRoute::Link),
    ];
    for (from, to, content_type, length, expected) in table {
        assert_eq!(
            file_route(from, to, content_type, length),
            expected,
            "{from} {to} {content_type} {length}"
        );
    }
}

#[test]
fn numbers_are_read_as_people_write_them() {
    let (here, america) = ("+352691000000", "+12025550100");
    let table = [
        ("+352 691 49 64 01", here, Ok("+352691496401")),
        ("00352 691-49.64/01", here, Ok("+352691496401")),
        ("(+352) 691 496 401", america, Ok("+352691496401")),
        ("\u{202a}+352\u{a0}691\u{2011}496401\u{202c}", here, Ok("+352691496401")),
        ("+44 (0)20 7946 0958", here, Ok("+442079460958")),
        ("0044 (0) 20 7946 0958", here, Ok("+442079460958")),
        ("+39 06 1234 5678", here, Ok("+390612345678")),
        ("+39 (0)6 1234 5678", here, Err(BadNumber::Zero)),
        ("+4420 (0) 7946 0958", here, Err(BadNumber::Zero)),
        ("(202) 555-0100", america, Ok("+12025550100")),
        ("1 202 555 0100", america, Ok("+12025550100")),
        ("1-202-555-0100", america, Ok("+12025550100")),
        ("+1 202 555 0100", here, Ok("+12025550100")),
        ("(202) 555-0100", here, Err(BadNumber::NoCountry)),
        ("1 202 555 0100", here, Err(BadNumber::NoCountry)),
        ("691 49 64 01", here, Err(BadNumber::NoCountry)),
        ("352691496401", here, Err(BadNumber::NoCountry)),
        ("0176 123456", america, Err(BadNumber::NoCountry)),
        ("7911 123456", america, Err(BadNumber::NoCountry)),
        ("555-0100", america, Err(BadNumber::NoCountry)),
        ("011 352 691 49 64 01", america, Err(BadNumber::NoCountry)),
        ("(0)202 555 0100", america, Err(BadNumber::NoCountry)),
        ("+0352 691 49 64 01", here, Err(BadNumber::NoCountry)),
        ("0000352691496401", here, Err(BadNumber::NoCountry)),
        ("+1 202 555 010", here, Err(BadNumber::Length)),
        ("+1 202 555 01000", here, Err(BadNumber::Length)),
        ("+1 102 555 0100", here, Err(BadNumber::Length)),
        ("+352 69", here, Err(BadNumber::Length)),
        ("+1234567890123456", here, Err(BadNumber::Length)),
        ("+49 1234567890123456", here, Err(BadNumber::Length)),
        ("+352 691 49 64 01 ext. 5", here, Err(BadNumber::NotANumber)),
        ("++352691496401", here, Err(BadNumber::NotANumber)),
        ("352+691496401", here, Err(BadNumber::NotANumber)),
        ("anna@example.com", here, Err(BadNumber::NotANumber)),
        ("٣٥٢٦٩١", here, Err(BadNumber::NotANumber)),
        ("", here, Err(BadNumber::Empty)),
        (" +() ", here, Err(BadNumber::Empty)),
    ];
    for (typed, home, expected) in table {
        assert_eq!(read_number(typed, &number(home)), expected.map(number), "{typed:?}, {home}");
    }
    assert_eq!(
        BadNumber::NoCountry.to_string(),
        "write the number with + and the country code, as in +352 691 49 64 01"
    );
}

fn number(text: &str) -> E164 {
    text.parse().expect("a number")
}

proptest! {
    #![proptest_config(chance(512))]

    #[test]
    fn segments_are_as_few_as_possible(text in "[a€\\[]{0,400}|[aé😀]{0,200}") {
        let unicode = text.contains('😀');
        let lengths: Vec<usize> = text
            .chars()
            .map(|c| if unicode { c.len_utf16() } else { 1 + usize::from("€[".contains(c)) })
            .collect();
        let (alone, each) = if unicode { (70, 67) } else { (160, 153) };
        let expected = if lengths.iter().sum::<usize>() <= alone { u32::from(!text.is_empty()) } else { fewest(&lengths, each) };
        prop_assert_eq!(segments(&text), Segments { count: expected, unicode: unicode.then_some('😀') });
    }

    #[test]
    fn nothing_panics_on_odd_numbers(text in any::<String>(), other in "[+0-9() a]{0,20}") {
        for (one, two) in [(&text, &other), (&other, &text)] {
            let _ = (segments(one), opt_out_word(one), calling_code(one), price_class(one, two), is_short_code(one));
            let _ = (may_text(one, std::slice::from_ref(two)), file_route(one, two, one, 1), read_number(one, &number("+352691000000")));
        }
    }

    #[test]
    fn a_number_that_is_read_reads_as_itself(typed in "(\\+|00)?[0-9 ().-]{6,20}", home in "\\+(1|352)[0-9]{7}") {
        if let Ok(number) = read_number(&typed, &number(&home)) {
            prop_assert!(!is_short_code(&number));
            prop_assert!(calling_code(&number).is_some());
            prop_assert_eq!(read_number(&number, &self::number("+352691000000")), Ok(number));
        }
    }

    #[test]
    fn an_international_number_stays_as_it_is_at_every_home(number in "\\+[2-9][0-9]{7,13}", home in "\\+(1|352)[0-9]{7}") {
        prop_assert_eq!(read_number(&number, &self::number(&home)), Ok(self::number(&number)));
    }
}
