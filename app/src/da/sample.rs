use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use ashlar_coding::sampling::{Miss, Sampler, Secret, Strategy};
use ashlar_da::{NoManifest, sample};
use serde_json::json;

use super::arguments::{Drawing, SampleArguments};
use super::stores::Stores;
use super::{print, remark};

pub async fn run(stores: Stores, arguments: SampleArguments) -> Result<()> {
    let mut secret = [0; 32];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut secret)).context("drawing a secret")?;
    let sampler = Sampler::new(Secret::new(secret));
    let (strategy, name) = match arguments.strategy {
        Drawing::Uniform => (Strategy::Uniform, "uniform"),
        Drawing::Stratified => (Strategy::Stratified, "stratified"),
        Drawing::Adaptive => (Strategy::Adaptive, "adaptive"),
    };
    let wanted = Miss::of_bits(arguments.bits);
    let sampled = match sample(&stores, &arguments.key, &sampler, strategy, wanted).await {
        Ok(sampled) => sampled,
        Err(NoManifest { key, answers }) => {
            let of = |(store, verdict): &(String, _)| Some((store.clone(), remark(verdict)?));
            let said: Vec<_> = answers.iter().filter_map(of).collect();
            let words: Vec<_> = said.iter().map(|(store, what)| format!("remark       {store}: {what}")).collect();
            let objects: Vec<_> = said.iter().map(|(store, what)| json!({ "store": store, "remark": what })).collect();
            print(arguments.json, &words, &objects)?;
            bail!("no store sent the manifest of batch {}; add stores and try again", key.number.get());
        }
    };
    let numbers = |rows: &[ashlar_coding::Row]| rows.iter().map(|row| row.get()).collect::<Vec<_>>();
    let asked = sampled.right.len() + sampled.missing.len();
    let miss = sampled.miss.get() as f64 / 2f64.powi(64);
    let mut words = vec![
        format!(
            "rows         {} of {} asked for, {name}; {} came and are right",
            asked,
            sampled.layout.rows(),
            sampled.right.len()
        ),
        format!("miss         data that cannot be restored looks like this with a chance of {miss:.3e}"),
    ];
    let mut objects = Vec::new();
    for (store, verdict) in &sampled.wrong {
        let what = remark(verdict).unwrap_or_default();
        words.push(format!("remark       {store}: {what}"));
        objects.push(json!({ "store": store, "remark": what }));
    }
    objects.push(json!({
        "available": sampled.available, "asked": asked, "right": numbers(&sampled.right), "missing": numbers(&sampled.missing),
        "rows": sampled.layout.rows(), "strategy": name, "bits": arguments.bits, "miss": miss,
    }));
    words.push(format!("available    {}", if sampled.available { "yes" } else { "NO" }));
    print(arguments.json, &words, &objects)?;
    if sampled.available {
        return Ok(());
    }
    bail!("rows {:?} did not come; the batch must be taken to be withheld from these stores", numbers(&sampled.missing))
}
