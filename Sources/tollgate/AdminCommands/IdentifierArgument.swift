import ArgumentParser
import Forms

/// The identifier of a team or a key. What is none could name another place in a path.
struct IdentifierArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard Identifier.isSound(argument) else { return nil }
        text = argument
    }
}
