import Vocabulary

/// The credits of a scope that are spent or held, in millionths; also a change to them.
///
/// 128 bits wide: no number of 64-bit amounts that fits in memory can overflow it. However absurd the vendor's bill or
/// the plan's price, a sum neither wraps nor traps, and releasing a hold restores the previous balance.
struct Balance: Equatable {
    /// The amount the vendor reported as charged.
    var spent: Int128 = 0
    /// The estimates of reservations whose cost is unknown.
    var unconfirmed: Int128 = 0
    /// The amount held for open reservations.
    var reserved: Int128 = 0

    /// The amount that counts against a limit.
    var committed: Int128 { spent + unconfirmed + reserved }

    static func += (left: inout Balance, right: Balance) {
        left.spent += right.spent
        left.unconfirmed += right.unconfirmed
        left.reserved += right.reserved
    }

    static prefix func - (balance: Balance) -> Balance {
        Balance(spent: -balance.spent, unconfirmed: -balance.unconfirmed, reserved: -balance.reserved)
    }
}

extension MicroCredits {
    /// The nearest representable amount, for reports.
    init(clamping micros: Int128) { self.init(micros: Int64(clamping: micros)) }

    /// The amount to book. A negative amount counts as zero: it would refund spent credits.
    var booked: Int128 { Int128(max(micros, 0)) }
}
