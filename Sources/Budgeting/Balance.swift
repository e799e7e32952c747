import Vocabulary

/// What of a scope's credits is gone or held, in millionths; also a change to it.
///
/// In 128 bits, which no number of 64-bit amounts that fits in memory can fill: however absurd an amount may be that a
/// vendor says or a plan supposes, a sum neither wraps nor traps, and taking a hold away gives what there was before.
struct Balance: Equatable {
    /// What the vendor said that it charged.
    var spent: Int128 = 0
    /// What reservations were estimated at of which nobody knows what the vendor charged.
    var unconfirmed: Int128 = 0
    /// What is held for reservations that are open.
    var reserved: Int128 = 0

    /// What counts against a limit.
    var committed: Int128 { spent + unconfirmed + reserved }

    static func += (left: inout Balance, right: Balance) {
        left.spent += right.spent
        left.unconfirmed += right.unconfirmed
        left.reserved += right.reserved
    }
}

extension MicroCredits {
    /// The amount that is nearest, for what is reported.
    init(clamping micros: Int128) { self.init(micros: Int64(clamping: micros)) }

    /// An amount as it is booked: a negative one would give back what was spent.
    var booked: Int128 { Int128(max(micros, 0)) }
}
