macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// A column of batch bytes, in the order in which they stand there (B-7).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum Column { $($(#[$doc])* $name),+ }

        impl Column {
            /// Every column, in order.
            pub const ALL: &'static [Column] = &[$(Column::$name),+];
        }
    };
}

columns! {
    /// Accounts of the signers, each as its distance from the one before.
    Accounts,
    /// Signers' slots, the owner's wallet being zero.
    Slots,
    /// Epochs of the signers' slots.
    Epochs,
    /// Markets, each as its distance from the one before.
    Markets,
    /// The greatest common divisor of a market's sizes.
    Units,
    /// Combinations of a command's flags, each as its distance from the one before.
    Shapes,
    /// Time since the input before.
    Times,
    /// Who speaks: zero for an input that is not a message, or a signer.
    Speakers,
    /// The nonce of a signer's first message.
    FirstNonces,
    /// A nonce against the one expected.
    Nonces,
    /// How long a message asks to be valid, against the signer's message before.
    Spans,
    /// Commands of a message, less one.
    Counts,
    /// Which shape a command has.
    CommandShapes,
    /// Which market a command is for.
    CommandMarkets,
    /// The first price named in a market.
    FirstPrices,
    /// Limit prices, against the price before on that side of the market.
    Prices,
    /// Sizes, in units of the market.
    Lots,
    /// Sizes shown.
    Displays,
    /// Expiries, against now.
    Expiries,
    /// Trigger prices, against the limit.
    TriggerPrices,
    /// The first client id of a signer.
    FirstClients,
    /// Client ids, against the next after the signer's last.
    Clients,
    /// Prices in order ids, against the price before on that side of the market.
    IdPrices,
    /// The first rank named in a market.
    FirstRanks,
    /// Ranks in order ids, against the rank before in that market.
    Ranks,
    /// Quotes of a mass quote, less one.
    QuoteCounts,
    /// Flags of a quote.
    QuoteShapes,
}

impl Column {
    /// How many there are.
    pub const COUNT: usize = Column::ALL.len();
}
