import CapacityAPI
import CapacityModel

/// All an agent knows, of all its sites, and every decision that follows from it.
///
/// Events go in one by one; then `finish` gives what must be written and, after that, done. Like the machines it is
/// made of it never acts: no engine, no file, no clock of its own.
struct Roster {
    enum Event: Sendable {
        /// The centre says which sites are this agent's.
        case joined([AgentWire.Joined.Site])
        /// The centre's answer to a question after `after`.
        case pulled(site: String, after: Int64, AgentWire.Assignments)
        /// What the engine had, asked for when this roster had finished step `asOf`.
        case surveyed([Existing], asOf: Int)
        case started(String, address: String?)
        case startFailed(String, EngineFailure)
        case halted(String, Halt)
        case stopFailed(String)
        /// The centre has the site's reports up to this sequence.
        case reported(site: String, AgentWire.Reported)
    }

    enum Effect: Equatable, Sendable {
        case start(String)
        case stop(String, killAt: Instant)
        case send(site: String, AgentWire.Report)
    }

    struct Held {
        var site: String
        var machine: InstanceMachine
        /// The step in which it last changed: a look at the engine that is older says nothing about it.
        var changedIn: Int
        /// Restored from the store, and not yet compared with what the engine has.
        var isUnseen: Bool
    }

    struct SiteState {
        enum Following: Equatable {
            case cursor
            /// All live assignments must be read again, from the beginning.
            case resyncWanted
            case resyncing
        }
        var cursor: Int64
        var following: Following
        var outbox: Outbox
    }

    var instances: [String: Held] = [:]
    var sites: [String: SiteState] = [:]
    /// Instances nobody knows, seen by the last look: seen again by the next, they are taken in.
    var suspects: Set<String> = []
    /// How many steps are finished.
    var step = 0

    private var dues = DueQueue()
    private var lastNumber: Int64
    private var changes = Changes()
    private var effects: [Effect] = []
    private var touched: Set<String> = []

    init(_ restored: Restored) {
        lastNumber = restored.lastNumber
        for (name, site) in restored.sites {
            sites[name] = SiteState(cursor: site.cursor, following: .cursor, outbox: site.outbox)
            if let report = site.outbox.report { effects.append(.send(site: name, report)) }
            touched.insert(name)
        }
        for instance in restored.instances {
            let machine = InstanceMachine(instance.assignment, restored: instance.phase)
            instances[instance.assignment.instance] = Held(
                site: instance.site, machine: machine, changedIn: 0, isUnseen: true
            )
        }
    }

    /// When something is due next.
    var nextDue: Instant? { dues.first?.at }

    /// Whether an instance still waits to be compared with the engine.
    var hasUnseen: Bool { instances.values.contains { $0.isUnseen } }

    /// Ids of all that is not over, by site: what the agent tells the centre it has.
    func inventories() -> [String: [String]] {
        var inventories: [String: [String]] = [:]
        for (instance, held) in instances {
            if case .over = held.machine.phase { continue }
            inventories[held.site, default: []].append(instance)
        }
        return inventories
    }

    /// Does what is due at `now`.
    mutating func passTime(to now: Instant) {
        while let entry = dues.pop(dueAt: now) {
            guard let held = instances[entry.instance], held.machine.dueAt == entry.at, !held.isUnseen else { continue }
            apply(to: entry.instance) { $0.due(at: now) }
        }
    }

    /// Ends a step: what to write, and what to do once it is written.
    mutating func finish() -> (changes: Changes, effects: [Effect]) {
        for name in touched {
            guard var site = sites[name] else { continue }
            if let upTo = site.outbox.cut() {
                changes.cuts[name] = .init(sequence: site.outbox.lastSequence, upTo: upTo)
                sites[name] = site
                if let report = site.outbox.report { effects.append(.send(site: name, report)) }
                note(site: name)
            }
        }
        step += 1
        defer {
            changes = Changes()
            effects = []
            touched = []
        }
        return (changes, effects)
    }
}

extension Roster {
    /// Hands one event to the machine of `instance` and takes in what it wants.
    mutating func apply(to instance: String, _ event: (inout InstanceMachine) -> [InstanceMachine.Action]) {
        guard var held = instances[instance] else { return }
        let before = held.machine
        let actions = event(&held.machine)
        if held.machine != before {
            held.changedIn = step + 1
            if !held.machine.isProvisional { note(held, replacing: before) }
        }
        let wasUnseen = held.isUnseen
        held.isUnseen = false
        instances[instance] = held
        if let dueAt = held.machine.dueAt, wasUnseen || dueAt != before.dueAt {
            dues.push(.init(at: dueAt, instance: instance))
        }
        for action in actions { take(action, of: instance, at: held.site) }
    }

    /// Takes in an instance nobody had, and hands it its first event.
    mutating func add(
        _ machine: InstanceMachine,
        at site: String,
        _ event: (inout InstanceMachine) -> [InstanceMachine.Action]
    ) {
        let instance = machine.assignment.instance
        let held = Held(site: site, machine: machine, changedIn: step + 1, isUnseen: true)
        instances[instance] = held
        if !machine.isProvisional { note(held, replacing: nil) }
        apply(to: instance, event)
    }

    /// Marks that the site's row must be written.
    mutating func note(site name: String) {
        guard let site = sites[name] else { return }
        changes.sites[name] = .init(cursor: site.cursor, reportSequence: site.outbox.lastSequence)
    }

    mutating func acknowledge(_ name: String) {
        changes.acknowledged.insert(name)
        touched.insert(name)
        note(site: name)
    }

    /// The report on its way has another number now, and goes out again under it.
    mutating func renumber(_ name: String) {
        guard let outbox = sites[name]?.outbox else { return }
        note(site: name)
        guard let report = outbox.report else { return }
        changes.renumbered[name] = outbox.lastSequence
        effects.append(.send(site: name, report))
    }

    private mutating func note(_ held: Held, replacing before: InstanceMachine?) {
        let instance = held.machine.assignment.instance
        let isNew = before?.assignment != held.machine.assignment || before?.isProvisional == true
        let wasNew = changes.instances[instance]?.isNew ?? false
        changes.instances[instance] = .init(
            site: held.site, assignment: held.machine.assignment, phase: held.machine.phase, isNew: isNew || wasNew
        )
    }

    private mutating func take(_ action: InstanceMachine.Action, of instance: String, at site: String) {
        switch action {
        case .start: effects.append(.start(instance))
        case .stop(let killAt): effects.append(.stop(instance, killAt: killAt))
        case .report(let observation):
            lastNumber += 1
            let entry = Outbox.Entry(number: lastNumber, observation: observation)
            sites[site]?.outbox.add(entry)
            changes.observed.append(.init(site: site, entry: entry))
            touched.insert(site)
        case .forget:
            instances[instance] = nil
            changes.instances[instance] = nil
            changes.forgotten.insert(instance)
        }
    }
}
