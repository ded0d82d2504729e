//! What a node's own folders forget, and what never.

use ashlar_da::archive::{Archive, Folder, Mark, Policy};
use ashlar_da::{Retained, RetentionError};
use ashlar_types::BatchNumber;
use commonware_runtime::{Runner, deterministic};

use crate::market::batch;
use crate::repair::{FOLDERS, Scratch, folders, published};
use crate::servers::signatures;

#[test]
fn folders_forget_what_is_final_and_archived_and_no_longer_to_be_kept() {
    let scratch = Scratch::new("retained");
    deterministic::Runner::seeded(4).start(|context| async move {
        let (data, place) = (scratch.0.join("node"), scratch.0.join("archive"));
        std::fs::create_dir_all(&data).unwrap();
        let cold = Box::new(Folder::open(&place.join("cold")).unwrap());
        let archive = Archive::open(&place, cold, Policy::default()).unwrap();
        let all = folders(&context, &FOLDERS);
        published(&all, &archive, 1..=6).await;
        for number in 7..=10 {
            all.publish(BatchNumber::new(number), &batch(8_192, number), &signatures(1)).await.unwrap();
        }
        let first = async || {
            let mut first = Vec::new();
            for store in all.stores() {
                first.push(store.list(BatchNumber::new(0), 99).await.unwrap().batches[0].number.get());
            }
            assert!(first.iter().all(|number| *number == first[0]), "{first:?}");
            first[0]
        };
        let number = BatchNumber::new;
        let retained = Retained::open(&data, Some((3, place.clone()))).unwrap();
        assert_eq!(retained.forget(&all, number(9)).await.unwrap(), 0, "the archive has not said how far it reaches");
        archive.mark().unwrap();
        assert_eq!(Mark::read(&place).unwrap().unwrap().number, number(6));
        assert_eq!(retained.forget(&all, number(3)).await.unwrap(), 0, "three are kept");
        assert_eq!((retained.kept_from(), first().await), (number(0), 1));
        // Batch 5 is final: 3, 4 and 5 are the newest three that are.
        assert_eq!(retained.forget(&all, number(5)).await.unwrap(), 2 * 4);
        assert_eq!((retained.kept_from(), first().await), (number(3), 3));
        assert_eq!(retained.forget(&all, number(5)).await.unwrap(), 0);
        // Batch 10 is final, and 7 is not archived.
        assert_eq!(retained.forget(&all, number(10)).await.unwrap(), 4 * 4);
        assert_eq!((retained.kept_from(), first().await), (number(7), 7));
        let again = Retained::open(&data, Some((3, place.clone()))).unwrap();
        assert_eq!(again.kept_from(), number(7), "how far it came is remembered");
        assert_eq!(again.forget(&all, number(10)).await.unwrap(), 0);

        // Another exchange's archive is as good as none.
        let stranger = Scratch::new("stranger");
        let other = stranger.archive();
        let elsewhere = folders(&context, &["other"]);
        published(&elsewhere, &other, 30..=39).await;
        other.mark().unwrap();
        let strange = Retained::open(&data, Some((1, stranger.0.clone()))).unwrap();
        let refused = strange.forget(&all, number(10)).await.unwrap_err();
        assert!(matches!(refused, RetentionError::OtherArchive(_)), "{refused}");
        assert_eq!(first().await, 7);

        // Who gives the policy up still knows what is gone, and lets nothing more go.
        let without = Retained::open(&data, None).unwrap();
        assert_eq!((without.kept_from(), without.forget(&all, number(10)).await.unwrap()), (number(7), 0));
        assert_eq!(Retained::open(&scratch.0, None).unwrap().kept_from(), number(0), "nothing was forgotten here");
    });
}

#[test]
fn what_says_how_far_it_goes_and_is_damaged_is_named_with_what_to_do() {
    let scratch = Scratch::new("torn");
    deterministic::Runner::seeded(5).start(|context| async move {
        let all = folders(&context, &FOLDERS);
        let (kept_from, newest) = (scratch.0.join("da-kept-from"), scratch.0.join("newest"));
        std::fs::write(&newest, "7 0123").unwrap();
        let retained = Retained::open(&scratch.0, Some((1, scratch.0.clone()))).unwrap();
        let refused = retained.forget(&all, BatchNumber::new(9)).await.unwrap_err();
        let said = refused.to_string();
        assert!(matches!(refused, RetentionError::Mark(_)) && said.contains(&newest.display().to_string()), "{said}");
        assert!(said.contains("run `ashlar archive add` again"), "{said}");
        for torn in ["", "sev", "\u{0}\u{0}"] {
            std::fs::write(&kept_from, torn).unwrap();
            let refused = Retained::open(&scratch.0, None).unwrap_err().to_string();
            assert!(
                refused.contains(&kept_from.display().to_string()) && refused.contains("remove it if"),
                "{refused}"
            );
        }
    });
}
