import ArgumentParser
import Forms
import JSON
import Vocabulary

/// The identifier of a team or a key. What is none could name another place in a path.
struct IdentifierArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Identifier.isSound(argument) else { return nil }
        text = argument
    }
}

/// A number of credits, or another one that is 0 or more and has at most six decimals. Exact.
struct DecimalArgument: ExpressibleByArgument {
    private let number: MicroCredits

    init?(argument: String) {
        guard let number = MicroCredits(jsonNumber: argument.utf8) else { return nil }
        self.number = number
    }

    var value: JSONValue { .credits(number) }
}

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

/// A moment as RFC 3339 has it, with any offset: `2027-01-01T00:00:00Z`.
struct TimeArgument: ExpressibleByArgument {
    private let moment: Timestamp

    init?(argument: String) {
        guard let moment = Timestamp(rfc3339: argument) else { return nil }
        self.moment = moment
    }

    var value: JSONValue { .time(moment) }
}

/// The member `cache_scope` of a team on the command line.
enum CacheScopeArgument: String, ExpressibleByArgument, CaseIterable {
    case organization, team
}
