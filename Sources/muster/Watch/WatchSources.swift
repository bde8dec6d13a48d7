import AsyncHTTPClient
import CapacityAPI
import CapacityModel
import FoundationEssentials
import NIOCore
import Synchronization

/// Where a watch hears of its order: the event stream, the order and its instances read again and again, and a clock.
struct WatchSources: Sendable {
    /// The number of the last event that was taken in, which the stream goes on after and a reading is dated by.
    final class Position: Sendable {
        private let value = Mutex<Int64>(0)
        var sequence: Int64 { value.withLock { $0 } }
        func advance(to sequence: Int64) { value.withLock { $0 = max($0, sequence) } }
    }

    let service: Service
    let order: String
    let position = Position()

    /// A screen four times a second looks alive; a pipe is paced by itself.
    private static let tick = Duration.milliseconds(250)
    /// How often the order is read although events come.
    private static let readingPause = Duration.seconds(2)
    private static let longestPause = Duration.seconds(5)

    /// Starts all three. They end with the task, which ends with the watch.
    func start() -> (inputs: AsyncStream<OrderWatch.Input>, task: Task<Void, Never>) {
        // An order of many thousand instances makes events faster than a terminal draws; the newest matter.
        let (inputs, feed) = AsyncStream.makeStream(of: OrderWatch.Input.self, bufferingPolicy: .bufferingNewest(1_024))
        let task = Task {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await followEvents(feed) }
                group.addTask { await readAgain(feed) }
                group.addTask { await keepTime(feed) }
            }
            feed.finish()
        }
        return (inputs, task)
    }

    private func keepTime(_ feed: AsyncStream<OrderWatch.Input>.Continuation) async {
        while await rest(Self.tick) {
            feed.yield(.tick)
        }
    }

    /// Reads the order and its instances; the larger they are, the longer the pause, so that watching stays a light
    /// load.
    private func readAgain(_ feed: AsyncStream<OrderWatch.Input>.Continuation) async {
        var pause = Duration.zero
        while await rest(pause) {
            let began = ContinuousClock.now
            do throws(Failure) {
                let asked = position.sequence
                feed.yield(.order(try await service.get(orderPath(order)), asked: asked))
                let path = orderPath(order, "/instances")
                feed.yield(.instances(try await service.list(path, of: InstanceView.self).items))
            } catch {
                feed.yield(.failed(error))
            }
            pause = max(Self.readingPause, (.now - began) * 10)
        }
    }

    /// Follows the event stream; after a cut it goes on after the last event, waiting longer each time in vain.
    private func followEvents(_ feed: AsyncStream<OrderWatch.Input>.Continuation) async {
        var pause = Duration.milliseconds(100)
        repeat {
            do {
                if try await followOnce(feed) { pause = .milliseconds(100) }
            } catch let failure as Failure {
                feed.yield(.failed(failure))
            } catch {
                // A cut in the middle of the stream: the next round goes on after it.
            }
            pause = min(Self.longestPause, pause * 2)
        } while await rest(pause)
    }

    /// Whether any event came before the stream ended.
    private func followOnce(_ feed: AsyncStream<OrderWatch.Input>.Continuation) async throws -> Bool {
        var headers = [(name: "Accept", value: "text/event-stream")]
        let last = position.sequence
        if last > 0 { headers.append((name: "Last-Event-ID", value: "\(last)")) }
        let call = Service.Call(path: orderPath(order, "/events"), headers: headers)
        let (status, stream) = try await service.open(call)
        guard status == 200 else {
            throw Service.failure(status: status, body: Array(buffer: try await stream.collect(upTo: 1 << 20)))
        }
        var parser = EventStreamParser()
        var came = false
        for try await bytes in stream {
            for event in try parser.parse(bytes.readableBytesView) {
                guard OrderEventView.Kind(rawValue: event.name) != nil else { continue }
                feed.yield(.event(try JSONDecoder().decode(OrderEventView.self, from: Data(event.data.utf8))))
                came = true
            }
        }
        return came
    }

    /// `false` when the watch is over.
    private func rest(_ duration: Duration) async -> Bool {
        do {
            try await Task.sleep(for: duration)
            return true
        } catch {
            return false
        }
    }
}
