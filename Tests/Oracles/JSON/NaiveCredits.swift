/// An amount of credits by the digits of its text, as one would round it on paper.
public enum NaiveCredits {
    /// Millionths, halves rounded up; nil when the amount is negative or above a thousand million credits.
    ///
    /// - Parameter number: a JSON number.
    public static func micros(_ number: String) -> Int64? {
        let isNegative = number.hasPrefix("-")
        let parts = number.drop { $0 == "-" }.split(whereSeparator: { $0 == "e" || $0 == "E" })
        let places = parts[0].split(separator: ".")
        let fraction = places.count > 1 ? String(places[1]) : ""
        let digits = String((String(places[0]) + fraction).drop { $0 == "0" })
        if digits.isEmpty { return 0 }
        if isNegative { return nil }
        // An exponent that does not fit is beyond any number of digits that fits.
        let exponent = parts.count > 1 ? Int(parts[1]) ?? (parts[1].hasPrefix("-") ? -(1 << 40) : 1 << 40) : 0
        // How many digits stand before the point, once it is where the millionths end.
        let whole = digits.count - fraction.count + exponent + 6
        if whole > 16 { return nil }
        if whole < 0 { return 0 }
        let padded = digits + String(repeating: "0", count: max(0, whole - digits.count))
        let kept = Int64(padded.prefix(whole).isEmpty ? "0" : String(padded.prefix(whole))) ?? 0
        let next = padded.dropFirst(whole).first ?? "0"
        let rounded = next >= "5" ? kept + 1 : kept
        return rounded <= 1_000_000_000_000_000 ? rounded : nil
    }
}
