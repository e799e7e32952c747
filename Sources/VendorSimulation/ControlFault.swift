/// Why a control call, or a fault given on the command line, was refused: names the member and what it may be.
public struct ControlFault: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
