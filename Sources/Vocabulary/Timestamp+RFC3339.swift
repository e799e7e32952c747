/// The text form of a `Timestamp`, RFC 3339 §5.6, in UTC.
extension Timestamp {
    /// The timestamps that have a text: the years 0000 to 9999.
    private static let written = Int64(-62_167_219_200_000_000)...Int64(253_402_300_799_999_999)

    /// `2026-01-31T08:00:00.123456Z`; the fraction has six digits and is omitted when it is zero. A timestamp outside
    /// the years 0000 to 9999 is clamped to them.
    public var rfc3339: String {
        let range = Self.written
        guard range.contains(microseconds) else {
            return Timestamp(microseconds: microseconds < 0 ? range.lowerBound : range.upperBound).rfc3339
        }
        let date = CivilDate(daysSinceEpoch: floorDivide(wholeSeconds, 86_400))
        let secondOfDay = wholeSeconds - floorDivide(wholeSeconds, 86_400) * 86_400
        var text = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
        text += "\(padded(secondOfDay / 3_600, 2)):\(padded(secondOfDay / 60 % 60, 2)):\(padded(secondOfDay % 60, 2))"
        let fraction = microsecondOfSecond
        if fraction != 0 { text += "." + padded(fraction, 6) }
        return text + "Z"
    }

    /// The same to the second and without its marks, for the name of a file: `20260131T080000Z`.
    public var compact: String { rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z" }

    /// Reads `date-time` of RFC 3339 §5.6 with any offset; nil when the text is not one, or its date does not exist or
    /// is outside the years 0000 to 9999 in UTC.
    ///
    /// A leap second (`:60`) is read as the second after it. Digits of the fraction beyond the sixth are dropped.
    public init?(rfc3339 text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t"),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2), hour < 24, minute < 60, second <= 60,
            let date = CivilDate(year: year, month: month, day: day)
        else { return nil }
        guard let fraction = reader.fraction(), let offset = reader.offsetSeconds(), reader.isAtEnd else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second - offset
        let microseconds = seconds * 1_000_000 + fraction
        guard Self.written.contains(microseconds) else { return nil }
        self.init(microseconds: microseconds)
    }
}

private func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// Reads the parts of a date-time from left to right.
private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    mutating func number(_ digits: Int) -> Int64? {
        guard position + digits <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[position..<position + digits] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        position += digits
        return value
    }

    /// Microseconds of `.digits`; 0 without a point, nil for a point without digits.
    mutating func fraction() -> Int64? {
        guard take(".") else { return 0 }
        var value: Int64 = 0
        var count = 0
        while let digit = number(1) {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    mutating func offsetSeconds() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2), take(":"), let minutes = number(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }
}
