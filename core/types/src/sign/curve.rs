//! What checking many signatures needs from secp256k1 and SHA-256. A proof guest brings its own, accelerated.

/// The group, its scalars and the hash.
///
/// Implementations may keep state: a guest reads the y coordinates it lifts from hints, or keeps hash midstates.
pub trait Curve {
    /// An integer modulo the order of the group.
    type Scalar: Copy;
    /// A point with coordinates, never the point at infinity.
    type Point: Copy;
    /// A running sum of points, which may be at infinity. Its default is.
    type Sum: Clone + Default;

    /// The SHA-256 of a 64-byte prefix and then the parts. The same few prefixes come again and again.
    fn sha256(&mut self, prefix: &[u8; 64], parts: &[&[u8]]) -> [u8; 32];

    /// The scalar of 32 big-endian bytes, if they are below the order.
    fn scalar(&self, bytes: &[u8; 32]) -> Option<Self::Scalar>;
    /// The scalar of 32 big-endian bytes modulo the order.
    fn scalar_reduced(&self, bytes: &[u8; 32]) -> Self::Scalar;
    /// The 32 big-endian bytes of a scalar.
    fn scalar_bytes(&self, scalar: &Self::Scalar) -> [u8; 32];
    /// `a * b + c`.
    fn multiply_add(&self, a: &Self::Scalar, b: &Self::Scalar, c: &Self::Scalar) -> Self::Scalar;
    /// `-a`.
    fn negate(&self, a: &Self::Scalar) -> Self::Scalar;

    /// The point of even y with this x, if x is below the field's prime and such a point exists.
    fn lift_x(&mut self, x: &[u8; 32]) -> Option<Self::Point>;
    /// The generator.
    fn generator(&self) -> Self::Point;
    /// `sum += point`, whatever the two are: equal, opposite, at infinity.
    fn add(&self, sum: &mut Self::Sum, point: &Self::Point);
    /// `sum -= point`.
    fn subtract(&self, sum: &mut Self::Sum, point: &Self::Point);
    /// `sum += other`.
    fn add_sum(&self, sum: &mut Self::Sum, other: &Self::Sum);
    /// `sum += sum`.
    fn double(&self, sum: &mut Self::Sum);
    /// Whether it is the point at infinity.
    fn is_infinity(&self, sum: &Self::Sum) -> bool;
}
