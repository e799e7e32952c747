/// A value that is confined to a loop, carried by code that is not.
///
/// Sendable because `value` traps on every thread but the loop's own; the wrapper itself only moves references. The
/// last reference should go on the loop's thread where the value's `deinit` needs that.
public struct LoopBound<Value>: @unchecked Sendable {
    private let loop: EventLoop
    private let confined: Value

    public init(_ value: Value, loop: EventLoop) {
        loop.preconditionInLoop()
        self.loop = loop
        confined = value
    }

    /// The value. Traps outside the loop's thread.
    public var value: Value {
        loop.preconditionInLoop()
        return confined
    }
}
