internal import CLibevent

/// Calls back in its loop when the process gets a signal. Confined to that loop; `deinit` gives the signal back.
///
/// libevent can watch signals from one loop of a process only; here that is the program's main loop.
@safe
public final class SignalSource {
    private let loop: EventLoop
    private var event: OpaquePointer?  // struct event *, owned: event_free in deinit
    private let onSignal: () -> Void

    public init(loop: EventLoop, signal: Int32, onSignal: @escaping () -> Void) {
        self.loop = loop
        self.onSignal = onSignal
        // Unretained is enough: deinit frees the event on this same thread.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe event = loop.withBase { base in
            unsafe event_new(
                base,
                signal,
                Int16(EV_SIGNAL | EV_PERSIST),
                { _, _, context in
                    unsafe Unmanaged<SignalSource>.fromOpaque(context!).takeUnretainedValue().onSignal()
                },
                context
            )
        }
        let result = unsafe event_add(event, nil)
        precondition(result == 0, "event_add of a signal")
    }

    deinit { unsafe event_free(event) }
}
