/// An amount of the vendor's credits, exact, in millionths of a credit.
///
/// Credits may have decimals, and money is never approximated, so the text of a number is read digit by digit and
/// never passes through floating point. An amount that is read is at most `maximum`, so that thousands of them can be
/// added without overflow.
public struct MicroCredits: Hashable, Comparable, Sendable {
    /// Millionths of a credit.
    public let micros: Int64

    @inlinable
    public init(micros: Int64) { self.micros = micros }

    public static let zero = MicroCredits(micros: 0)

    /// A thousand million credits: beyond what any account holds, far from the end of 64 bits.
    public static let maximum = MicroCredits(micros: 1_000_000_000 * 1_000_000)

    @inlinable
    public static func < (left: MicroCredits, right: MicroCredits) -> Bool { left.micros < right.micros }

    @inlinable
    public static func + (left: MicroCredits, right: MicroCredits) -> MicroCredits {
        MicroCredits(micros: left.micros + right.micros)
    }

    /// The sum, or the greatest amount there is: for sums of what others say, which must never trap.
    @inlinable
    public func saturatingAdd(_ other: MicroCredits) -> MicroCredits {
        let (sum, overflow) = micros.addingReportingOverflow(other.micros)
        if overflow { return MicroCredits(micros: micros < 0 ? .min : .max) }
        return MicroCredits(micros: sum)
    }

    @inlinable
    public static func - (left: MicroCredits, right: MicroCredits) -> MicroCredits {
        MicroCredits(micros: left.micros - right.micros)
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
    /// Appends `description`; without a detour for whole credits.
    @inlinable
    public func write(to output: inout ByteWriter) {
        let (whole, rest) = micros.quotientAndRemainder(dividingBy: 1_000_000)
        if rest == 0 { output.append(decimal: whole) } else { output.append(description) }
    }

    /// Reads a JSON number (RFC 8259 §6) as an amount of credits.
    ///
    /// Nil when it is negative (other than minus zero), above `maximum`, finer than a millionth, or no number.
    /// Exponents are allowed, since a vendor may write `2e0`.
    public init?(jsonNumber text: some Sequence<UInt8>) {
        var number = DecimalText()
        for byte in text {
            guard number.read(byte) else { return nil }
        }
        guard let micros = number.micros, micros <= Self.maximum.micros else { return nil }
        self.init(micros: micros)
    }
}

/// The digits and the exponent of one decimal number while it is read.
private struct DecimalText {
    private enum Part { case start, integer, point, fraction, exponentStart, exponentSign, exponent }

    private var part = Part.start
    private var isNegative = false
    /// The digits up to the last one that is not zero.
    private var digits: Int64 = 0
    /// Zeros behind `digits`, of which any number may stand there: they become digits only when another one follows.
    private var zeros = 0
    private var fractionDigits = 0
    /// At most `exponentMax`.
    private var exponent = 0
    private var exponentIsNegative = false
    private var isTooLong = false

    /// Beyond what the digits of any text that fits in memory make up for, so that a greater exponent means the same.
    private static let exponentMax = 1 << 48

    /// Takes the next character; false when it cannot stand there.
    mutating func read(_ byte: UInt8) -> Bool {
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
        guard byte != 0x30 else {
            if digits != 0 { zeros += 1 }
            return
        }
        for _ in 0...zeros where !isTooLong {
            let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
            if overflow { isTooLong = true } else { digits = product }
        }
        let (sum, overflow) = digits.addingReportingOverflow(Int64(byte - 0x30))
        if overflow { isTooLong = true } else { digits = sum }
        zeros = 0
    }

    /// The value in millionths, when it is a whole number of them that fits.
    var micros: Int64? {
        switch part {
        case .integer, .fraction, .exponent: break
        case .start, .point, .exponentStart, .exponentSign: return nil
        }
        guard !isTooLong else { return nil }
        if digits == 0 { return 0 }
        if isNegative { return nil }
        let power = (exponentIsNegative ? -exponent : exponent) + zeros - fractionDigits + 6
        guard power >= 0, power < 19 else { return nil }
        var value = digits
        for _ in 0..<power {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
        }
        return value
    }
}
