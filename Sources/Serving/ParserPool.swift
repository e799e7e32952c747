import HTTPMessages

/// The parsers of a server, lent to connections while a head arrives; an idle connection needs none. Confined to the
/// server's loop.
///
/// A connection gets the same one again, as far as there are enough, since a parser knows the last head that it read.
struct ParserPool {
    /// For how many connections parsers are kept.
    private static let slotCount = 32

    /// Nil while a parser is lent, or was never needed.
    private var spare: [ParserBox?] = Array(repeating: nil, count: slotCount)

    mutating func take(for connection: UInt64, _ limits: HeadLimits) -> ParserBox {
        guard let box = spare[slot(of: connection)].take() else { return ParserBox(limits: limits) }
        box.parser.replaceLimits(limits)
        return box
    }

    mutating func giveBack(_ box: ParserBox, from connection: UInt64) {
        box.parser.reset()
        spare[slot(of: connection)] = box
    }

    private func slot(of connection: UInt64) -> Int { Int(truncatingIfNeeded: connection) & (Self.slotCount - 1) }
}

/// A request parser on loan to one connection. Confined to the server's loop.
final class ParserBox {
    var parser: RequestParser

    init(limits: HeadLimits) { parser = RequestParser(limits: limits) }
}
