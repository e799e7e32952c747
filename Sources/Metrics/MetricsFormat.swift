import Vocabulary

/// The text formats of a scrape.
public enum MetricsFormat: Sendable, Hashable {
    /// Prometheus's own, version 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The media type of the answer.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format that an Accept field prefers (RFC 9110 §12.5.1): OpenMetrics where it is named and weighs at least as
    /// much as plain text; Prometheus's otherwise, also where neither is acceptable, since a scraper can do more with
    /// it than with a 406.
    ///
    /// - Parameter accept: the field's value; nil without one.
    public static func preferred(by accept: String?) -> MetricsFormat {
        guard let accept else { return .prometheus }
        let ranges = accept.split(separator: ",").map(MediaRange.init)
        func weight(of type: String) -> Int? { ranges.filter { $0.type == type }.map(\.weight).max() }
        let openMetrics =
            ranges.filter { $0.type == "application/openmetrics-text" && $0.namesVersion1 }.map(\.weight).max() ?? 0
        // The most exact range that covers plain text counts, RFC 9110 §12.5.1.
        let plain = weight(of: "text/plain") ?? weight(of: "text/*") ?? weight(of: "*/*") ?? 0
        return openMetrics > 0 && openMetrics >= plain ? .openMetrics : .prometheus
    }
}

/// One element of an Accept field.
private struct MediaRange {
    /// In lower case.
    let type: String
    /// In thousandths, 1,000 where none is given; 0 when it is malformed, so that nobody gets what was not clearly
    /// asked.
    private(set) var weight = 1_000
    /// Whether it has the version 1.0.0 or names none. Scrapers name each version that they can read.
    private(set) var namesVersion1 = true

    init(_ text: Substring) {
        var parts = text.split(separator: ";", omittingEmptySubsequences: false).map(Self.trimmed)
        type = parts.removeFirst().lowercased()
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(Self.trimmed)
            guard pair.count == 2 else { continue }
            switch pair[0].lowercased() {
            case "q": weight = Self.thousandths(pair[1]) ?? 0
            case "version": namesVersion1 = ["1.0.0", "\"1.0.0\""].contains(String(pair[1]))
            default: break
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        text.drop { $0 == " " || $0 == "\t" }.reversedDrop { $0 == " " || $0 == "\t" }
    }

    /// RFC 9110 §12.4.2: 0 to 1 with at most three decimals.
    private static func thousandths(_ text: Substring) -> Int? {
        let digits = Array(text.utf8)
        guard (1...5).contains(digits.count), digits.count == 1 || digits[1] == UInt8(ascii: ".") else { return nil }
        let decimals = digits.dropFirst(2)
        guard (digits[0] == 0x30 || digits[0] == 0x31), decimals.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        var value = Int(digits[0] - 0x30) * 1_000
        for (unit, digit) in zip([100, 10, 1], decimals) { value += unit * Int(digit - 0x30) }
        return value <= 1_000 ? value : nil
    }
}

extension Substring {
    fileprivate func reversedDrop(while predicate: (Character) -> Bool) -> Substring {
        guard let last = lastIndex(where: { !predicate($0) }) else { return self[endIndex...] }
        return self[...last]
    }
}
