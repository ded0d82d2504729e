//! How composite values are laid out: a struct is its fields in the order written here, an enum a tag byte and the
//! fields of its variant. The order and the tags are the format; they are never changed, only added to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Decode, DecodeError, Encode, Reader, Writer};

macro_rules! encode_struct {
    ($name:ident { $($field:ident: $ty:ty),+ $(,)? }) => {
        impl $crate::encode::Encode for $name {
            fn encode(&self, writer: &mut $crate::encode::Writer) {
                $(<$ty as $crate::encode::Encode>::encode(&self.$field, writer);)+
            }
        }

        impl $crate::encode::Decode for $name {
            const BYTES_MAX: usize = 0 $(+ <$ty as $crate::encode::Decode>::BYTES_MAX)+;

            fn decode(reader: &mut $crate::encode::Reader<'_>) -> Result<Self, $crate::encode::DecodeError> {
                Ok($name { $($field: <$ty as $crate::encode::Decode>::decode(reader)?),+ })
            }
        }
    };
}

macro_rules! encode_enum {
    ($name:ident as $what:literal {
        $($tag:literal => $variant:ident $(($inner:ident: $inner_ty:ty))? $({ $($field:ident: $ty:ty),+ $(,)? })?),+ $(,)?
    }) => {
        impl $crate::encode::Encode for $name {
            fn encode(&self, writer: &mut $crate::encode::Writer) {
                match self {
                    $($name::$variant $(($inner))? $({ $($field),+ })? => {
                        writer.u8($tag);
                        $(<$inner_ty as $crate::encode::Encode>::encode($inner, writer);)?
                        $($(<$ty as $crate::encode::Encode>::encode($field, writer);)+)?
                    })+
                }
            }
        }

        impl $crate::encode::Decode for $name {
            const BYTES_MAX: usize = 1 + $crate::encode::layout::largest(&[$(
                0 $(+ <$inner_ty as $crate::encode::Decode>::BYTES_MAX)?
                $($(+ <$ty as $crate::encode::Decode>::BYTES_MAX)+)?
            ),+]);

            fn decode(reader: &mut $crate::encode::Reader<'_>) -> Result<Self, $crate::encode::DecodeError> {
                let offset = reader.offset();
                Ok(match reader.u8()? {
                    $($tag => $name::$variant
                        $((<$inner_ty as $crate::encode::Decode>::decode(reader)?))?
                        $({ $($field: <$ty as $crate::encode::Decode>::decode(reader)?),+ })?,)+
                    got => return Err($crate::encode::DecodeError::UnknownTag { what: $what, got, offset }),
                })
            }
        }
    };
}

pub(super) use {encode_enum, encode_struct};

pub(super) const fn largest(sizes: &[usize]) -> usize {
    let mut max = 0;
    let mut i = 0;
    while i < sizes.len() {
        if sizes[i] > max {
            max = sizes[i];
        }
        i += 1;
    }
    max
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, writer: &mut Writer) {
        (**self).encode(writer);
    }
}

impl<T: Decode> Decode for Box<T> {
    const BYTES_MAX: usize = T::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::decode(reader).map(Box::new)
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, writer: &mut Writer) {
        self.0.encode(writer);
        self.1.encode(writer);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    const BYTES_MAX: usize = A::BYTES_MAX + B::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::decode(reader)?, B::decode(reader)?))
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, writer: &mut Writer) {
        match self {
            None => writer.u8(0),
            Some(value) => {
                writer.u8(1);
                value.encode(writer);
            }
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    const BYTES_MAX: usize = 1 + T::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        match reader.u8()? {
            0 => Ok(None),
            1 => T::decode(reader).map(Some),
            got => Err(DecodeError::UnknownTag { what: "option", got, offset }),
        }
    }
}

/// What may stand in a list: it brings the list's bound and the word for it in errors.
pub(super) trait Listed {
    const LIST_MAX: usize;
    const PLURAL: &'static str;
}

impl<T: Encode + Listed> Encode for Vec<T> {
    fn encode(&self, writer: &mut Writer) {
        // A count too large for its field becomes one that every decoder refuses, as `LIST_MAX` is below it.
        const { assert!(T::LIST_MAX < u16::MAX as usize) };
        writer.u16(u16::try_from(self.len()).unwrap_or(u16::MAX));
        for item in self {
            item.encode(writer);
        }
    }
}

impl<T: Decode + Listed> Decode for Vec<T> {
    const BYTES_MAX: usize = 2 + T::LIST_MAX * T::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let count = usize::from(reader.u16()?);
        if count == 0 {
            return Err(DecodeError::Empty { what: T::PLURAL, offset });
        }
        if count > T::LIST_MAX {
            return Err(DecodeError::TooMany { what: T::PLURAL, max: T::LIST_MAX, got: count, offset });
        }
        // Every item takes at least a byte, so a short input never reserves a long list.
        let mut items = Vec::with_capacity(count.min(reader.remaining()));
        for _ in 0..count {
            items.push(T::decode(reader)?);
        }
        Ok(items)
    }
}
