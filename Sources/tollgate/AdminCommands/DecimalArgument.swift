import ArgumentParser
import Forms
import JSON
import Vocabulary

/// A number of credits, or another one that is 0 or more and has at most six decimals. Exact.
struct DecimalArgument: ExpressibleByArgument {
    private let number: MicroCredits

    init?(argument: String) {
        guard let number = MicroCredits(jsonNumber: argument.utf8) else { return nil }
        self.number = number
    }

    var value: JSONValue { .credits(number) }
}
