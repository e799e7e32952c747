import ArgumentParser
import Forms
import JSON
import Vocabulary

/// The identifier of a team or a key. An invalid one could change the meaning of a path.
struct IdentifierArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Identifier.isSound(argument) else { return nil }
        text = argument
    }
}

/// A number of credits, or another non-negative number with at most six decimals. Exact.
struct DecimalArgument: ExpressibleByArgument {
    private let number: MicroCredits

    init?(argument: String) {
        guard let number = MicroCredits(jsonNumber: argument.utf8) else { return nil }
        self.number = number
    }

    var value: JSONValue { .credits(number) }
}

/// A duration in the syntax of the configuration: `30s`, `15m`, `24h`, `30d`.
struct DurationArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Units.duration(argument) != nil else { return nil }
        text = argument
    }

    /// The default, as help texts show it.
    var defaultValueDescription: String { text }
}

/// A time in RFC 3339 syntax, with any offset: `2027-01-01T00:00:00Z`.
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
