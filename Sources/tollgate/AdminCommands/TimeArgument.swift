import ArgumentParser
import Forms
import JSON
import Vocabulary

/// A moment as RFC 3339 has it, with any offset: `2027-01-01T00:00:00Z`.
struct TimeArgument: ExpressibleByArgument {
    private let moment: Timestamp

    init?(argument: String) {
        guard let moment = Timestamp(rfc3339: argument) else { return nil }
        self.moment = moment
    }

    var value: JSONValue { .time(moment) }
}
