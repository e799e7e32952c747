/// An amount of the vendor's credits, exact, in millionths of a credit.
///
/// Credits may have decimals, and money is never approximated: the text of a number is read digit by digit and never
/// passes through floating point. Sums and differences saturate instead of trapping, whatever the amounts from the
/// vendor, the store or an operator.
public struct MicroCredits: Hashable, Comparable, Sendable {
    /// Millionths of a credit.
    public let micros: Int64

    @inlinable
    public init(micros: Int64) { self.micros = micros }

    public static let zero = MicroCredits(micros: 0)

    /// A thousand million credits: more than any account holds, far below the limit of 64 bits.
    public static let maximum = MicroCredits(micros: 1_000_000_000 * 1_000_000)

    @inlinable
    public static func < (left: MicroCredits, right: MicroCredits) -> Bool { left.micros < right.micros }

    @inlinable
    public static func + (left: MicroCredits, right: MicroCredits) -> MicroCredits {
        MicroCredits(micros: left.micros.saturatingAdd(right.micros))
    }

    /// The sum, under a name that says that it saturates.
    @inlinable
    public func saturatingAdd(_ other: MicroCredits) -> MicroCredits { self + other }

    @inlinable
    public static func - (left: MicroCredits, right: MicroCredits) -> MicroCredits {
        MicroCredits(micros: left.micros.saturatingSubtract(right.micros))
    }
}

extension MicroCredits: CustomStringConvertible {
    /// Credits as a decimal number without trailing zeros: `2`, `0.5`, `-1.000001`.
    public var description: String {
        let magnitude = micros.magnitude
        var text = (micros < 0 ? "-" : "") + String(magnitude / 1_000_000)
        var fraction = magnitude % 1_000_000
        guard fraction != 0 else { return text }
        var digits = 6
        while fraction % 10 == 0 {
            fraction /= 10
            digits -= 1
        }
        let tail = String(fraction)
        text += "." + String(repeating: "0", count: digits - tail.utf8.count) + tail
        return text
    }
}

extension MicroCredits {
    /// Appends `description`; whole credits are written without making a string.
    @inlinable
    public func write(to output: inout ByteWriter) {
        let (whole, rest) = micros.quotientAndRemainder(dividingBy: 1_000_000)
        if rest == 0 { output.append(decimal: whole) } else { output.append(description) }
    }

    /// Reads a JSON number (RFC 8259 §6) as an amount of credits, exactly.
    ///
    /// Nil when it is negative (other than minus zero), above `maximum`, finer than a millionth, or not a number.
    /// Exponents are allowed, since a vendor may write `2e0`.
    public init?(jsonNumber text: some Sequence<UInt8>) {
        guard let number = DecimalText(text), number.isWholeMicros else { return nil }
        self.init(number)
    }

    /// Reads a JSON number as the nearest amount of credits, for amounts that a vendor computed in floating point:
    /// 0.30000000000000004 is 0.3.
    ///
    /// Halves are rounded up, so that no bill is booked half a millionth too low. Nil when the number is negative
    /// (other than minus zero), however small, when it is above `maximum` after rounding, or when it is not a number.
    public init?(roundingJSONNumber text: some Sequence<UInt8>) {
        guard let number = DecimalText(text) else { return nil }
        self.init(number)
    }

    private init?(_ number: DecimalText) {
        guard let micros = number.micros, micros <= Self.maximum.micros else { return nil }
        self.init(micros: micros)
    }
}

/// The digits and the exponent of a decimal number. Takes time linear in the text, whatever the exponent.
private struct DecimalText {
    private enum Part { case start, integer, point, fraction, exponentStart, exponentSign, exponent }

    private var part = Part.start
    private var isNegative = false
    /// The leading digits from the first nonzero one: as many as are sure to fit, which is more than `maximum` has.
    private var digits: Int64 = 0
    /// The number of further digits of integer and fraction, whose values are not kept.
    private var uncounted = 0
    /// Whether one of the further digits is not zero.
    private var hasTail = false
    private var fractionDigits = 0
    /// At most `exponentMax`.
    private var exponent = 0
    private var exponentIsNegative = false

    /// More than the digits of any text that fits in memory can offset, so a greater exponent has the same effect.
    private static let exponentMax = 1 << 48
    /// Below it another digit fits; from it on there are 18 digits, and `maximum` has 16.
    private static let digitsMax: Int64 = 100_000_000_000_000_000

    /// Nil when the text is not a JSON number.
    init?(_ text: some Sequence<UInt8>) {
        // In one piece where it can be: the elements of a sequence are asked for one by one, each by several calls.
        let isRead =
            text.withContiguousStorageIfAvailable { text in
                for index in 0..<text.count { guard unsafe read(text[index]) else { return false } }
                return true
            } ?? text.allSatisfy { read($0) }
        guard isRead else { return nil }
        switch part {
        case .integer, .fraction, .exponent: break
        case .start, .point, .exponentStart, .exponentSign: return nil
        }
    }

    /// Reads the next character; false when it is not allowed there.
    private mutating func read(_ byte: UInt8) -> Bool {
        switch (part, byte) {
        case (.start, UInt8(ascii: "-")) where !isNegative: isNegative = true
        case (.start, 0x30...0x39), (.integer, 0x30...0x39):
            part = .integer
            append(byte)
        case (.integer, UInt8(ascii: ".")): part = .point
        case (.point, 0x30...0x39), (.fraction, 0x30...0x39):
            part = .fraction
            fractionDigits += 1
            append(byte)
        case (.integer, UInt8(ascii: "e")), (.integer, UInt8(ascii: "E")), (.fraction, UInt8(ascii: "e")),
            (.fraction, UInt8(ascii: "E")):
            part = .exponentStart
        case (.exponentStart, UInt8(ascii: "+")): part = .exponentSign
        case (.exponentStart, UInt8(ascii: "-")):
            part = .exponentSign
            exponentIsNegative = true
        case (.exponentStart, 0x30...0x39), (.exponentSign, 0x30...0x39), (.exponent, 0x30...0x39):
            part = .exponent
            exponent = min(exponent * 10 + Int(byte - 0x30), Self.exponentMax)
        default: return false
        }
        return true
    }

    private mutating func append(_ byte: UInt8) {
        if digits < Self.digitsMax {
            digits = digits * 10 + Int64(byte - 0x30)
        } else {
            uncounted += 1
            hasTail = hasTail || byte != 0x30
        }
    }

    /// The number of decimal places from the last of `digits` to the millionths; negative when it is finer.
    private var power: Int { (exponentIsNegative ? -exponent : exponent) + uncounted - fractionDigits + 6 }

    /// Whether the value is a whole number of millionths.
    var isWholeMicros: Bool {
        if digits == 0 { return true }
        guard power < 0 else { return !hasTail }
        return !hasTail && power >= -18 && digits % Self.powerOfTen(-power) == 0
    }

    /// The value in millionths, rounded half up; nil when it is negative or does not fit.
    var micros: Int64? {
        if digits == 0 { return 0 }
        if isNegative { return nil }
        guard power < 0 else {
            guard power < 19 else { return nil }
            let (product, overflow) = digits.multipliedReportingOverflow(by: Self.powerOfTen(power))
            return overflow ? nil : product
        }
        // The first place cut off decides, and it is one of `digits`, of which there are at most 18.
        guard power >= -18 else { return 0 }
        let unit = Self.powerOfTen(-power)
        let (quotient, rest) = digits.quotientAndRemainder(dividingBy: unit)
        return rest >= unit / 2 ? quotient + 1 : quotient
    }

    /// - Parameter power: 0 to 18; the result of 18 still fits.
    private static func powerOfTen(_ power: Int) -> Int64 {
        var value: Int64 = 1
        for _ in 0..<power { value *= 10 }
        return value
    }
}
