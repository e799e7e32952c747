import Serving

/// Sends so many letters as fast as they are taken, with little memory. Confined to its connection's loop; stops when
/// it is released or the connection closes.
final class Filler {
    private static let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1_024)

    private let connection: ServerConnection
    private let onEnd: () -> Void
    private var left: Int

    init(_ count: Int, over connection: ServerConnection, onEnd: @escaping () -> Void) {
        left = count
        self.connection = connection
        self.onEnd = onEnd
    }

    /// Sends until the connection is congested; to be called again when it no longer is.
    func go() {
        while left > 0, connection.isOpen, !connection.isCongested {
            let count = min(left, Self.piece.count)
            left -= count
            connection.send(count == Self.piece.count ? Self.piece : Array(Self.piece[..<count]))
        }
        // The owner releases this object in the call.
        if left == 0 { withExtendedLifetime(self) { onEnd() } }
    }
}
