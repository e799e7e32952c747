import HTTPMessages
import UpstreamKeys
import Vocabulary

/// The value of `Retry-After`, RFC 9110 §10.2.3: seconds or a date.
enum RetryAfter {
    private static let longestSeconds = KeyCooling.longestAsked.components.seconds

    /// How long to wait, counted from `now`; nil when the value has neither form.
    static func parse(_ value: Span<UInt8>, now: Timestamp) -> Duration? {
        if let seconds = seconds(value) { return .seconds(min(seconds, longestSeconds)) }
        guard let date = HTTPDate.parse(value) else { return nil }
        return .seconds(min(max(0, date - now.wholeSeconds), longestSeconds))
    }

    private static func seconds(_ value: Span<UInt8>) -> Int64? {
        guard !value.isEmpty else { return nil }
        var seconds: Int64 = 0
        for index in 0..<value.count {
            guard value[index] >= 0x30, value[index] <= 0x39 else { return nil }
            seconds = min(seconds * 10 + Int64(value[index] - 0x30), longestSeconds)
        }
        return seconds
    }
}
