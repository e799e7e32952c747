import JSON
import Vocabulary

extension JSONValue {
    /// Milliseconds with three decimals.
    static func milliseconds(_ duration: Duration) -> JSONValue {
        let microseconds = max(0, duration.wholeNanoseconds / 1_000)
        let fraction = String(microseconds % 1_000)
        return .number("\(microseconds / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction)
    }
}
