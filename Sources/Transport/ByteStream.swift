internal import CLibevent
import EventLoops
import Glibc
import Vocabulary

/// One connected TCP connection, with TLS or without: bytes in, bytes out, back-pressure, an orderly end.
///
/// Confined to its loop. An open connection keeps itself and its delegate alive; both are let go when it has ended,
/// which is told by `streamDidClose` in a later pass. Input is read once per wake-up into `input`; output is written
/// at once and queued only when the kernel takes no more.
///
/// States: handshaking (TLS only) → open → finishing (output goes out) → lingering (FIN sent, input is dropped) →
/// closed. A lingering close is what lets a peer that is still sending read the answer: closing a socket with unread
/// input makes the kernel send RST, which can destroy what was sent before (RFC 9112 §9.6).
///
/// The server's side of TLS begins when the client's first record is whole in the kernel's buffer: before that a
/// connection holds no more than a plain one.
@safe
public final class ByteStream {
    private enum State { case handshaking, open, finishing, closing, lingering, closed }

    /// What is taken from the account for TLS.
    private enum TLSCharge {
        case none, handshake, idle

        var bytes: Int {
            switch self {
            case .none: 0
            case .handshake: TLSSession.handshakeBytes
            case .idle: TLSSession.idleBytes
            }
        }
    }

    public let input = InputBuffer()
    public let peer: SocketAddress?
    // Here it fills the gap behind the address: there may be tens of thousands of streams.
    private var descriptor: Int32  // owned: closed in `die`
    public var delegate: (any StreamDelegate)?
    private var sharedLimits: SharedStreamLimits
    public var limits: StreamLimits {
        get { sharedLimits.values }
        set { sharedLimits = SharedStreamLimits(newValue) }
    }
    /// What the stream's buffers are taken from; nil for a stream without a bound. Set before the first bytes come.
    public var account: (any StreamAccount)? {
        get { input.account }
        set { input.account = newValue }
    }

    let loop: EventLoop
    private var readEvent: OpaquePointer?  // struct event *, owned: event_free in `die`
    private var tls: TLSSession?
    /// Set until TLS is agreed on, so that an open connection holds nothing for it.
    private var opening: TLSOpening?
    /// Made when first needed.
    private var backlog: Backlog?
    private var state = State.open
    private var isInputPaused = false
    private var isReadArmed = false
    /// True once the peer's FIN was read.
    public private(set) var hasInputEnded = false
    private var hasLostInput = false
    private var tlsCharge = TLSCharge.none

    /// A head and a body that are no longer together are copied side by side, which takes less time than writev(2) of
    /// two parts does.
    private static let gatheredBytesMax = 4 * 1024

    /// Output is taken from the account in steps of this.
    private static let outputStep = 4 * 1024

    /// - Parameters:
    ///   - descriptor: a connected, non-blocking socket, which the stream owns from now on.
    ///   - tls: the client's side of TLS, or a server's that has begun.
    ///   - accepting: the server's side, which begins with the first record.
    ///   - onHandshake: with `tls`, called once when the handshake is done or has failed.
    init(
        owning descriptor: Int32,
        loop: EventLoop,
        peer: SocketAddress?,
        limits: SharedStreamLimits,
        tls: TLSSession?,
        accepting: TLSServerContext? = nil,
        onHandshake: ((TLSFault?) -> Void)? = nil
    ) {
        loop.preconditionInLoop()
        self.loop = loop
        self.descriptor = descriptor
        self.peer = peer
        sharedLimits = limits
        self.tls = tls
        if tls != nil || accepting != nil {
            opening = TLSOpening(accepting: accepting, onHandshake: onHandshake)
            state = .handshaking
        }
        // Retained until `die`: an open connection lives by itself.
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        unsafe readEvent = loop.withBase { base in
            unsafe event_new(
                base,
                descriptor,
                Int16(EV_READ | EV_PERSIST),
                { _, _, context in
                    unsafe Unmanaged<ByteStream>.fromOpaque(context!).takeUnretainedValue().readReady()
                },
                context
            )
        }
        updateReading()
    }

    deinit { precondition(descriptor < 0, "a stream is let go only after it was closed") }

    public var isOpen: Bool { state == .open || state == .handshaking }

    /// Whether TLS is not agreed on yet.
    public var isHandshaking: Bool { state == .handshaking }

    /// How many bytes the kernel has not taken yet.
    public var unsentByteCount: Int { backlog?.output.byteCount ?? 0 }

    /// Whether more waits to be sent than a well-meaning writer should add to.
    public var isCongested: Bool {
        guard let backlog else { return false }
        return backlog.output.byteCount > limits.highMark
    }

    private var hasOutput: Bool { unsentByteCount > 0 }

    private func takeBacklog() -> Backlog {
        let backlog = self.backlog ?? Backlog()
        self.backlog = backlog
        return backlog
    }

    // MARK: Input

    /// Reads no more until `resumeInput`; the kernel's buffer fills and the peer is slowed down.
    public func pauseInput() {
        isInputPaused = true
        updateReading()
    }

    public func resumeInput() {
        guard isInputPaused else { return }
        isInputPaused = false
        updateReading()
        readOnIfDecrypted()
    }

    /// Whether the connection can still be used, looked up without waiting: what the peer has already done may not
    /// have been told yet. Delivers what has come.
    public func isStillOpen() -> Bool {
        guard state == .open, !hasInputEnded else { return false }
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        if count > 0 {
            // Not into the scratch memory: the caller may be the callback of another connection, whose input is there.
            unsafe receive(scratch: nil)
        } else if count == 0 || errno != EAGAIN {
            return false
        }
        return state == .open && !hasInputEnded
    }

    private func updateReading() {
        let wanted: Bool
        switch state {
        case .handshaking: wanted = opening?.waitsForRoom != true
        case .lingering: wanted = true
        case .open: wanted = !isInputPaused && !hasInputEnded && !hasLostInput
        case .finishing, .closing, .closed: wanted = false
        }
        guard wanted != isReadArmed, state != .closed else { return }
        isReadArmed = wanted
        let result = unsafe wanted ? event_add(readEvent, nil) : event_del(readEvent)
        precondition(result == 0, "event_add or event_del of a stream")
    }

    private func readReady() {
        switch state {
        case .handshaking: continueHandshake()
        case .open: unsafe receive(scratch: loop.scratch)
        case .lingering: dropInput()
        case .finishing, .closing, .closed: break
        }
    }

    private func receive(scratch: UnsafeMutableRawBufferPointer?) {
        // What was put off for a later pass may find that the connection has ended since.
        guard state == .open, !isInputPaused, !hasInputEnded, !hasLostInput else { return }
        let result = unsafe input.fill(scratch: scratch) { unsafe read(into: $0) }
        switch result {
        case nil: loseInput()
        case .bytes:
            delegate?.streamDidReceive(self)
            // What comes with the last request of a connection is of no use.
            if state != .open { input.removeAll() }
            guard input.settle() else { return loseInput() }
            readOnIfDecrypted()
        case .wouldBlock: break
        case .end: receiveEnd()
        case .failed(let error): fail(error)
        }
    }

    private func loseInput() {
        hasLostInput = true
        updateReading()
        delegate?.streamDidLoseInput(self)
        input.removeAll()
    }

    private func receiveEnd() {
        hasInputEnded = true
        updateReading()
        delegate?.streamDidReceiveEnd(self)
    }

    /// Bytes that TLS has decrypted already make no descriptor readable: they are read in the next pass.
    private func readOnIfDecrypted() {
        guard let tls, tls.hasPending, state == .open, !isInputPaused else { return }
        loop.later { [self] in unsafe receive(scratch: loop.scratch) }
    }

    private func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        guard let tls else { return unsafe SystemCalls.read(descriptor, into: buffer) }
        return unsafe tls.read(into: buffer)
    }

    // MARK: Output

    /// Sends `bytes` after all that was sent before. Does nothing on a connection that is ending or has ended.
    public func send(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe send($0, []) }
    }

    /// Sends a message's head, which is copied if it cannot be written at once, and its body, which is not.
    public func send(_ head: borrowing Span<UInt8>, _ body: [UInt8]) {
        unsafe head.withUnsafeBytes { unsafe send($0, body) }
    }

    private func send(_ head: UnsafeRawBufferPointer, _ body: [UInt8]) {
        guard isOpen else { return }
        let isWaiting = hasOutput
        var sent = 0
        if !isWaiting, state == .open {
            switch unsafe writeNow(head, body) {
            case .bytes(let count): sent = count
            case .wouldBlock, .end: break
            case .failed(let error): return fail(error)
            }
            if sent == head.count + body.count { return }
        }
        let backlog = takeBacklog()
        if tls != nil, sent == 0 {
            // A write that TLS began must be repeated with no fewer bytes than it had (SSL_write(3)).
            backlog.output.append(unsafe Array(head) + body)
        } else {
            unsafe backlog.output.append(copying: head, sent: sent)
            backlog.output.append(body, sent: max(0, sent - head.count))
        }
        guard charge(backlog) else { return die(.noRoom) }
        if isCongested { backlog.wasCongested = true }
        // Only the first that waits starts the time-out: a peer that takes nothing does not get more time with each.
        if !isWaiting { waitForRoom() }
    }

    /// Takes from the account what waits to be sent, or gives back what no longer does; false when there is no room.
    private func charge(_ backlog: Backlog) -> Bool {
        let step = ByteStream.outputStep
        let wanted = (backlog.output.byteCount + step - 1) / step * step
        if wanted > backlog.charge {
            guard account?.take(wanted - backlog.charge) != false else { return false }
        } else if wanted < backlog.charge {
            account?.giveBack(backlog.charge - wanted)
        }
        backlog.charge = wanted
        return true
    }

    private func writeNow(_ head: UnsafeRawBufferPointer, _ body: [UInt8]) -> TransferResult {
        unsafe body.withUnsafeBytes { body in
            if let tls { return unsafe tls.write(head, body, gatheringIn: loop.outputScratch) }
            if unsafe body.isEmpty { return unsafe SystemCalls.write(descriptor, head) }
            let byteCount = head.count + body.count
            guard byteCount <= ByteStream.gatheredBytesMax else {
                return unsafe SystemCalls.write(descriptor, head, body)
            }
            let start = unsafe loop.outputScratch.baseAddress!
            if let source = head.baseAddress { unsafe memcpy(start, source, head.count) }
            unsafe memcpy(start + head.count, body.baseAddress!, body.count)
            return unsafe SystemCalls.write(descriptor, UnsafeRawBufferPointer(start: start, count: byteCount))
        }
    }

    private func waitForRoom() {
        let backlog = takeBacklog()
        if unsafe backlog.writeEvent == nil {
            // Unretained is enough: the reference that `readEvent` holds ends in `die`, together with this event.
            let context = unsafe Unmanaged.passUnretained(self).toOpaque()
            unsafe backlog.writeEvent = loop.withBase { base in
                unsafe event_new(
                    base,
                    descriptor,
                    Int16(EV_WRITE),
                    { _, _, context in
                        unsafe Unmanaged<ByteStream>.fromOpaque(context!).takeUnretainedValue().writeReady()
                    },
                    context
                )
            }
        }
        let result = unsafe event_add(backlog.writeEvent, nil)
        precondition(result == 0, "event_add of a stream")
        if state != .handshaking { awaitProgress(backlog) }
    }

    private func awaitProgress(_ backlog: Backlog) {
        backlog.unacknowledged = SystemCalls.unacknowledged(descriptor)
        schedule(after: limits.writeTimeout)
    }

    /// Whether the peer took something since the time-out was started. The kernel says that there is room again only when
    /// a third of its buffer is free, which a slow peer does not reach in every time-out.
    private func hasProgressed(_ backlog: Backlog) -> Bool {
        SystemCalls.unacknowledged(descriptor) < backlog.unacknowledged
    }

    private func writeReady() {
        switch state {
        case .handshaking: continueHandshake()
        case .open, .finishing, .closing: flush()
        case .lingering, .closed: break
        }
    }

    private func flush() {
        guard let backlog else { preconditionFailure("room for a stream that waits for none") }
        defer { if backlog.charge > 0 { _ = charge(backlog) } }
        while !backlog.output.isEmpty {
            let result = unsafe backlog.output.writeFront { bytes in
                guard let tls else { return unsafe SystemCalls.write(descriptor, bytes) }
                return unsafe tls.write(bytes)
            }
            switch result {
            case .bytes: continue
            case .wouldBlock, .end:
                waitForRoom()
                return tellDrained(backlog)
            case .failed(let error): return fail(error)
            }
        }
        backlog.timer?.cancel()
        tellDrained(backlog)
        // The delegate may have sent more and then ended the connection.
        if backlog.output.isEmpty { endAfterOutput() }
    }

    private func tellDrained(_ backlog: Backlog) {
        guard backlog.wasCongested, backlog.output.byteCount <= limits.lowMark, state == .open else { return }
        backlog.wasCongested = false
        delegate?.streamDidDrain(self)
    }

    // MARK: TLS

    private func continueHandshake() {
        if let opening, let context = opening.accepting { accept(context, opening) }
        guard let tls else { return }
        switch tls.handshake() {
        case .done:
            state = .open
            updateReading()
            settleTLSCharge()
            let onHandshake = opening.take()?.onHandshake
            onHandshake?(nil)
            delegate?.streamDidOpen(self)
            if state == .open, hasOutput { flush() }
            readOnIfDecrypted()
        case .wantsRead: break
        case .wantsWrite: waitForRoom()
        case .failed(let fault):
            let onHandshake = opening?.onHandshake
            die(.tls(fault))
            onHandshake?(fault)
        }
    }

    /// Begins the server's side of TLS if the client's first record is whole and there is room for the handshake.
    private func accept(_ context: TLSServerContext, _ opening: TLSOpening) {
        let scratch = unsafe loop.scratch
        let count = unsafe recv(descriptor, scratch.baseAddress, scratch.count, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        if count < 0 {
            if errno != EAGAIN { die(.reset(errno)) }
            return
        }
        if count == 0 { return die(.tls(TLSFault(code: .protocolError, detail: "the connection ended before TLS"))) }
        let needed = unsafe FirstRecord.byteCount(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        // Called again without what was waited for, the client has ended its side, which TLS finds out by itself.
        if count < needed, needed != opening.readMark { return wait(forInput: needed, opening) }
        guard takeHandshake(opening) else { return waitForAccount(opening) }
        if opening.readMark != 1 { wait(forInput: 1, opening) }
        opening.accepting = nil
        unsafe tls = TLSSession(context: context.context, descriptor: descriptor, serverName: nil)
        if tls == nil { return die(.noRoom) }
        delegate?.streamDidBeginHandshake(self)
    }

    /// The delegate may make room when the client is new, not each time that it is tried again: else those that wait
    /// would drive out one another.
    private func takeHandshake(_ opening: TLSOpening) -> Bool {
        if account?.take(TLSSession.handshakeBytes) == false {
            guard opening.roomDeadline == nil else { return false }
            opening.roomDeadline = loop.now + TLSOpening.roomPatience
            delegate?.streamNeedsRoom(self)
            guard account?.take(TLSSession.handshakeBytes) != false else { return false }
        }
        tlsCharge = .handshake
        return true
    }

    /// Makes the kernel report input only when this many bytes of it have arrived, socket(7).
    private func wait(forInput byteCount: Int, _ opening: TLSOpening) {
        opening.readMark = byteCount
        _ = SystemCalls.setOption(descriptor, SOL_SOCKET, SO_RCVLOWAT, Int32(clamping: byteCount))
    }

    /// The handshake begins as soon as others have made room, if that is soon.
    private func waitForAccount(_ opening: TLSOpening) {
        if let deadline = opening.roomDeadline, deadline <= loop.now { return die(.noRoom) }
        opening.waitsForRoom = true
        updateReading()
        schedule(after: TLSOpening.roomInterval)
    }

    /// What was taken for the handshake is more than the connection needs from now on.
    private func settleTLSCharge() {
        guard tlsCharge == .handshake else { return }
        account?.giveBack(tlsCharge.bytes - TLSCharge.idle.bytes)
        tlsCharge = .idle
    }

    /// Begins the handshake as the client, which has to speak first.
    func startHandshake() { continueHandshake() }

    // MARK: The end

    /// Sends what waits, then FIN, then drops what still comes until the peer's own FIN or the linger limits.
    public func finish() {
        guard isOpen else { return }
        if state == .handshaking { return die(.closedHere) }
        state = .finishing
        // What is sent by now goes on reading: the event stays as it is, which spares two calls of epoll_ctl(2).
        if !hasOutput { endAfterOutput() }
        updateReading()
    }

    /// Sends what waits, then closes without waiting for the peer. For a connection from which all was read.
    public func close() {
        guard isOpen else { return }
        if state == .handshaking { return die(.closedHere) }
        state = .closing
        updateReading()
        if !hasOutput { endAfterOutput() }
    }

    /// Closes now with RST; what waits is dropped. Without close_notify, so that what was cut off never looks whole.
    public func abort() {
        guard state != .closed else { return }
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        die(.closedHere)
    }

    private func endAfterOutput() {
        guard state == .closing || state == .finishing else { return }
        // Without it the peer would take the reply for one that was cut off.
        if let tls, !tls.sendCloseNotify() { return waitForRoom() }
        switch state {
        case .closing: die(.closedHere)
        case .finishing:
            shutdown(descriptor, Int32(SHUT_WR))
            if hasInputEnded { return die(.closedHere) }
            state = .lingering
            updateReading()
            schedule(after: limits.lingerTimeout)
        case .handshaking, .open, .lingering, .closed: break
        }
    }

    private func dropInput() {
        let backlog = takeBacklog()
        // Raw reads: what TLS would make of these bytes no longer counts.
        while true {
            switch unsafe SystemCalls.read(descriptor, into: loop.scratch) {
            case .bytes(let count):
                backlog.lingered += count
                if backlog.lingered > limits.lingerBytesMax { return die(.closedHere) }
            case .wouldBlock: return
            case .end, .failed: return die(.closedHere)
            }
        }
    }

    private func schedule(after duration: Duration) {
        let backlog = takeBacklog()
        let timer = backlog.timer ?? LoopTimer(loop: loop) { [unowned self] in timeIsUp() }
        backlog.timer = timer
        timer.schedule(after: duration)
    }

    private func timeIsUp() {
        switch state {
        case .handshaking:
            opening?.waitsForRoom = false
            updateReading()
        case .lingering: die(.closedHere)
        case .open, .finishing, .closing:
            if let backlog, hasProgressed(backlog) { awaitProgress(backlog) } else { die(.stalled) }
        case .closed: break
        }
    }

    private func fail(_ error: Int32) {
        if let fault = tls?.lastFault { die(.tls(fault)) } else { die(.reset(error)) }
    }

    private func die(_ cause: StreamEnd) {
        guard state != .closed else { return }
        state = .closed
        unsafe event_free(readEvent)
        unsafe readEvent = nil
        let charged = (backlog?.charge ?? 0) + tlsCharge.bytes
        if let backlog { end(backlog) }
        tls = nil
        opening = nil
        Glibc.close(descriptor)
        descriptor = -1
        if charged > 0 { account?.giveBack(charged) }
        tlsCharge = .none
        let delegate = self.delegate
        self.delegate = nil
        // The reference that `readEvent` held goes when this closure has run: no method that is now on the stack
        // loses its object, and no delegate is called from within a call that it makes.
        loop.later { [self] in
            delegate?.streamDidClose(self, cause)
            unsafe Unmanaged.passUnretained(self).release()
        }
    }

    /// Leaves nothing in it, since a method on the stack may still have it.
    private func end(_ backlog: Backlog) {
        self.backlog = nil
        if unsafe backlog.writeEvent != nil { unsafe event_free(backlog.writeEvent) }
        unsafe backlog.writeEvent = nil
        backlog.timer = nil
        backlog.output.removeAll()
        backlog.charge = 0
    }
}
