//! The three commitments, over the same bytes as far as each takes them.

use std::mem::take;

use anyhow::{Result, anyhow, ensure};
use ashlar_batch::codec::Preamble;
use ashlar_batch::merkle::{TreeHash, TreeKind};
use ashlar_coding::{Coded, Engine, Expansion, Layout, Room, Row, RowScheme, Scheme, Simd, Verifier};
use ashlar_coding_fri::Fri;
use ashlar_coding_ipa::{Ipa, LENGTH_MAX, SCALAR_BYTES};
use ashlar_harness::flow::Random;

use super::Watch;
use crate::arguments::DaBenchArguments;
use crate::figures::Figure;

const EXPANSIONS: [Expansion; 2] = [Expansion::Double, Expansion::Quadruple];
/// Samples that are opened and checked in turn.
const SAMPLES: u32 = 32;
const MICROS: f64 = 1e6;
const MILLIS: f64 = 1e3;

/// Noise that begins as a batch does: what is coded does not look at what it codes.
fn batch(length: usize, random: &mut Random) -> Result<Vec<u8>> {
    let mut bytes: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
    let preamble = bytes.get_mut(..Preamble::BYTES);
    let preamble = preamble.ok_or_else(|| anyhow!("--bytes {length} is less than a batch begins with"))?;
    preamble.fill(0);
    (preamble[0], preamble[1]) = (Preamble::VERSION, Preamble::CODEC_COLUMNS);
    preamble[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    (preamble[12], preamble[16]) = (1, 1);
    Ok(bytes)
}

const fn rate(expansion: Expansion) -> usize {
    1 << expansion.levels()
}

pub fn figures(arguments: &DaBenchArguments, watch: &Watch) -> Result<Vec<Figure>> {
    let bytes = batch(arguments.bytes, &mut Random::new(arguments.seed))?;
    let mut figures = Vec::new();
    for expansion in EXPANSIONS {
        let layout = Layout::of(&ashlar_batch::Rows::of_batch(&bytes)?, expansion)?;
        let (row_bytes, all) = (layout.row_bytes(), layout.data_rows() * layout.row_bytes());
        let padded = [&bytes[..], &vec![0; all - bytes.len()]].concat();
        let hashed = watch.median(|| Ok(Simd.leaves(row_bytes, &padded)))?;
        let limit = bytes.len() as f64 / (hashed * rate(expansion) as f64);
        let why =
            "every byte of data and parity hashed by SHA-256, sixteen rows beside each other, on this core in this run";
        figures.extend(scheme(
            "rows",
            &RowScheme::new(expansion, Simd),
            &bytes,
            rate(expansion),
            Some((limit, why)),
            watch,
        )?);
        let mut room = Room::default();
        let again = watch.median(|| {
            room = Coded::within(take(&mut room), &bytes, expansion, &Simd)?.into_room();
            Ok(())
        })?;
        let figure = Figure::new("da", "encode_commit_bytes_per_s", bytes.len() as f64 / again, "B/s");
        let figure = figure.at("scheme", "rows").at("rate", rate(expansion)).at("bytes", bytes.len());
        figures.push(figure.at("memory", "of the batch before").limit(limit, why));
    }
    figures.push(row_verify(&bytes, watch)?);
    for expansion in EXPANSIONS {
        let fri = Fri::new(expansion);
        let coded = watch.median(|| Ok(fri.code(&bytes)?))?;
        let why = "packing and transforming alone, nothing hashed or folded, on this core in this run";
        let limit = Some((bytes.len() as f64 / coded, why));
        figures.extend(scheme("fri", &fri, &bytes, rate(expansion), limit, watch)?);
        let stated = watch.median(|| Ok(fri.word(&bytes)?.state()))? - watch.median(|| Ok(fri.word(&bytes)?))?;
        let figure = Figure::new("da", "open_ms", stated.max(0.0) * MILLIS, "ms").at("scheme", "fri");
        figures.push(figure.at("rate", rate(expansion)).at("what", "statement"));
    }
    let small = &bytes[..bytes.len().min(LENGTH_MAX * SCALAR_BYTES)];
    figures.extend(scheme("ipa", &Ipa::new(LENGTH_MAX)?, small, 1, None, watch)?);
    Ok(figures)
}

/// Commitment, one opening, and the check of one, by one scheme.
fn scheme<S: Scheme>(
    name: &'static str,
    scheme: &S,
    bytes: &[u8],
    rate: usize,
    limit: Option<(f64, &'static str)>,
    watch: &Watch,
) -> Result<Vec<Figure>>
where
    S::Error: Send + Sync + 'static,
{
    let committed = scheme.commit(bytes)?;
    let verifier = scheme.verifier(scheme.commitment(&committed), &scheme.statement(&committed))?;
    let positions = scheme.positions(&verifier) as u32;
    let proven = scheme.proven(&verifier).check()?.bits();
    let figure = |metric, value, unit| {
        let figure = Figure::new("da", metric, value, unit).at("scheme", name).at("rate", rate);
        figure.at("bytes", bytes.len()).at("proven_bits", proven)
    };
    let commit = watch.median(|| Ok(scheme.commit(bytes)?))?;
    let mut position = 0;
    let mut next = || {
        position = (position + positions / SAMPLES + 1) % positions;
        position
    };
    let open = watch.median(|| scheme.open(&committed, next()).ok_or_else(|| anyhow!("a position has no sample")))?;
    let asked: Vec<u32> = (0..SAMPLES).map(|_| next()).collect();
    let samples: Vec<S::Sample> = asked.iter().filter_map(|at| scheme.open(&committed, *at)).collect();
    ensure!(samples.len() == asked.len(), "a position has no sample, which is a bug of Ashlar");
    let mut turn = 0;
    let verify = watch.median(|| {
        turn = (turn + 1) % samples.len();
        Ok(scheme.verify(&verifier, asked[turn], &samples[turn])?)
    })?;
    let mut rate = figure("encode_commit_bytes_per_s", bytes.len() as f64 / commit, "B/s");
    if let Some((limit, why)) = limit {
        rate = rate.limit(limit, why);
    }
    Ok(vec![
        rate,
        figure("open_ms", open * MILLIS, "ms").at("what", "sample"),
        figure("sample_verify_us", verify * MICROS, "us"),
    ])
}

/// The check of one row, data and coded ones in turn.
fn row_verify(bytes: &[u8], watch: &Watch) -> Result<Figure> {
    let coded = Coded::new(bytes, Expansion::Double, &Simd)?;
    let root = ashlar_batch::data_root(bytes)?;
    let verifier = Verifier::new(coded.commitment(), root, coded.manifest().clone())?;
    let layout = *coded.manifest().layout();
    let rows: Vec<_> = (0..layout.rows() as u16).step_by(7).filter_map(|row| coded.chunk(Row::new(row))).collect();
    let mut turn = 0;
    let verify = watch.median(|| {
        turn = (turn + 1) % rows.len();
        Ok(verifier.verify(&rows[turn])?)
    })?;
    let hash = TreeHash::new(TreeKind::DATA);
    let hashed = watch.median(|| Ok(hash.leaf(rows[0].bytes())))?;
    let figure = Figure::new("da", "row_verify_us", verify * MICROS, "us").at("row_bytes", layout.row_bytes());
    Ok(figure.at("scheme", "rows").limit(hashed * MICROS, "SHA-256 of the row alone, on this core in this run"))
}
