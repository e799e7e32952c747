import ArgumentParser
import Forms

/// A length of time as the configuration writes it: `30s`, `15m`, `24h`, `30d`.
struct DurationArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Units.duration(argument) != nil else { return nil }
        text = argument
    }

    /// As help texts show the default.
    var defaultValueDescription: String { text }
}
