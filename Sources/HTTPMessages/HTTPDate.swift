import Vocabulary

/// `HTTP-date`, RFC 9110 §5.6.7: written as IMF-fixdate, read in all three forms.
public enum HTTPDate {
    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let longDays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// From the first second of the year 0 to the last second of 9999: the years have four digits.
    private static let written = Int64(-62_167_219_200)...Int64(253_402_300_799)

    /// Appends `Sun, 06 Nov 1994 08:49:37 GMT`, 29 bytes. A clock outside of the years 0 to 9999, which have no such
    /// form, counts as the nearest second inside.
    public static func write(secondsSinceEpoch clock: Int64, into bytes: inout [UInt8]) {
        let seconds = min(max(clock, written.lowerBound), written.upperBound)
        let day = floorDivide(seconds, 86_400)
        let second = seconds - day * 86_400
        let date = CivilDate(daysSinceEpoch: day)
        bytes += days[Int(date.dayOfWeek)].utf8
        bytes += ", ".utf8
        append(date.day, 2, to: &bytes)
        bytes += " \(months[Int(date.month) - 1]) ".utf8
        append(date.year, 4, to: &bytes)
        bytes.append(0x20)
        append(second / 3_600, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(second / 60 % 60, 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(second % 60, 2, to: &bytes)
        bytes += " GMT".utf8
    }

    private static func append(_ number: Int64, _ width: Int, to bytes: inout [UInt8]) {
        var divisor: Int64 = width == 4 ? 1_000 : 10
        while divisor > 0 {
            bytes.append(UInt8(number / divisor % 10) + 0x30)
            divisor /= 10
        }
    }

    /// Seconds since 1970; nil when it is no date. The name of the day is not held against the date.
    public static func parse(_ bytes: Span<UInt8>) -> Int64? {
        let text = unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        switch parts.count {
        case 6 where parts[5] == "GMT": return imfFixdate(parts)
        case 4 where parts[3] == "GMT": return rfc850(parts)
        case 5: return asctime(parts)
        default: return nil
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func imfFixdate(_ parts: [Substring]) -> Int64? {
        guard parts[0].hasSuffix(","), days.contains(String(parts[0].dropLast())), parts[1].utf8.count == 2,
            parts[3].utf8.count == 4
        else { return nil }
        return seconds(year: number(parts[3]), month: parts[2], day: number(parts[1]), time: parts[4])
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`; the years 70 to 99 are in the past century. RFC 9110 has that border move
    /// with the clock, which this room does not have: what it misreads is dates after 2069.
    private static func rfc850(_ parts: [Substring]) -> Int64? {
        let date = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard parts[0].hasSuffix(","), longDays.contains(String(parts[0].dropLast())), date.count == 3,
            date[0].utf8.count == 2, date[2].utf8.count == 2, let year = number(date[2])
        else { return nil }
        return seconds(year: year + (year < 70 ? 2000 : 1900), month: date[1], day: number(date[0]), time: parts[2])
    }

    /// `Sun Nov  6 08:49:37 1994`
    private static func asctime(_ parts: [Substring]) -> Int64? {
        guard days.contains(String(parts[0])), parts[4].utf8.count == 4 else { return nil }
        return seconds(year: number(parts[4]), month: parts[1], day: number(parts[2]), time: parts[3])
    }

    private static func seconds(year: Int64?, month: Substring, day: Int64?, time: Substring) -> Int64? {
        guard let year, let day, let index = months.firstIndex(of: String(month)),
            let date = CivilDate(year: year, month: Int64(index) + 1, day: day)
        else { return nil }
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, clock.allSatisfy({ $0.utf8.count == 2 }), let hour = number(clock[0]),
            let minute = number(clock[1]), let second = number(clock[2]), hour < 24, minute < 60, second <= 60
        else { return nil }
        return date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
    }

    private static func number(_ text: Substring) -> Int64? {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return Int64(text)
    }
}
