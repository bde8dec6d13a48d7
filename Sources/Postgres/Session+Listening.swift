import CLibPQ
import Glibc

extension Session {
    /// What has been heard on the channels listened to. Waits for it until `deadline` or until `alarm` rings, then
    /// returns nothing.
    func notifications(
        until deadline: ContinuousClock.Instant,
        _ alarm: Alarm
    ) throws(PostgresError) -> [Listener.Event] {
        try withConnection { connection throws(PostgresError) in
            let heard = connection.takeNotifications()
            if !heard.isEmpty { return heard }
            let wanted = [(connection.socket, Int16(POLLIN)), (alarm.descriptor, Int16(POLLIN))]
            _ = Poll.wait(for: wanted, until: deadline)
            guard connection.absorb() else { throw connection.broken() }
            return connection.takeNotifications()
        }
    }
}

extension Connection {
    fileprivate func takeNotifications() -> [Listener.Event] {
        var heard: [Listener.Event] = []
        while let notification = PQnotifies(handle) {
            defer { PQfreemem(notification) }
            let channel = String(cString: notification.pointee.relname)
            let payload = String(cString: notification.pointee.extra)
            heard.append(.notification(channel: channel, payload: payload))
        }
        return heard
    }
}
