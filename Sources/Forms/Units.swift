/// Durations and sizes as people write them: a whole number and a unit, without a space.
public enum Units {
    public static func duration(_ text: String) -> Duration? {
        guard let (count, unit) = split(text) else { return nil }
        let milliseconds: Int64? =
            switch unit {
            case "ms": 1
            case "s": 1_000
            case "m": 60_000
            case "h": 3_600_000
            case "d": 86_400_000
            default: nil
            }
        guard let milliseconds else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: milliseconds)
        return overflow ? nil : .milliseconds(product)
    }

    public static func size(_ text: String) -> Int? {
        guard let (count, unit) = split(text) else { return nil }
        let bytes: Int64? =
            switch unit {
            case "B": 1
            case "KiB": 1 << 10
            case "MiB": 1 << 20
            case "GiB": 1 << 30
            default: nil
            }
        guard let bytes else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: bytes)
        return overflow ? nil : Int(product)
    }

    /// The size in the largest unit of which it is a whole multiple.
    public static func text(_ bytes: Int) -> String {
        for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] where bytes > 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes)B"
    }

    private static func split(_ text: String) -> (Int64, String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let count = Int64(digits) else { return nil }
        return (count, String(text[digits.endIndex...]))
    }
}
