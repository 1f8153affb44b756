// The load of bench/: SOAP over TLS, as text, against any server of the API. It parses no
// XML, so that what is measured is the server. For servers on this machine only.
//
//	load read   -url U -cookie C -body FILE -n 5            times of a request, answer read whole
//	load watch  -url U -user.. -clients 50 -n 40 -vm ID      change to the delivery at waiting clients
//	load tasks  -url U -cookie C -clients 8 -seconds 10 -vms FILE   power tasks to their end, per second
//
// Each prints one JSON object.
package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const envelope = `<?xml version="1.0" encoding="UTF-8"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Body>%s</Body></Envelope>`

var (
	address   = flag.String("url", "", "of the server, on this machine")
	cookie    = flag.String("cookie", "", "of a session")
	body      = flag.String("body", "", "a file with the request's body element")
	count     = flag.Int("n", 5, "repeats")
	clients   = flag.Int("clients", 8, "at once")
	seconds   = flag.Int("seconds", 10, "how long")
	vms       = flag.String("vms", "", "a file with ids of virtual machines, one a line")
	user      = flag.String("user", "root", "who logs in")
	password  = flag.String("password-file", "", "a file with the password")
	manager   = flag.String("session-manager", "ha-sessionmgr", "id of the SessionManager")
	collector = flag.String("collector", "ha-property-collector", "id of the PropertyCollector")
)

type session struct {
	http   *http.Client
	cookie string
}

func open(cookie string) *session {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 1, DisableCompression: true}
	return &session{&http.Client{Transport: transport, Timeout: 10 * time.Minute}, cookie}
}

func (s *session) call(element string) ([]byte, error) {
	request, _ := http.NewRequest("POST", *address, strings.NewReader(fmt.Sprintf(envelope, element)))
	request.Header.Set("Content-Type", "text/xml; charset=utf-8")
	request.Header.Set("SOAPAction", `"urn:vim25/6.5"`)
	if s.cookie != "" {
		request.Header.Set("Cookie", s.cookie)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("status %d: %.300s", answer.StatusCode, data)
	}
	if got := answer.Header.Get("Set-Cookie"); got != "" {
		s.cookie = strings.SplitN(got, ";", 2)[0]
	}
	return data, err
}

func (s *session) must(element string) []byte {
	data, err := s.call(element)
	if err != nil {
		log.Fatal(err)
	}
	return data
}

func method(name, kind, id, arguments string) string {
	return fmt.Sprintf(`<%s xmlns="urn:vim25"><_this type="%s">%s</_this>%s</%s>`, name, kind, id, arguments, name)
}

func login() *session {
	secret, err := os.ReadFile(*password)
	if err != nil {
		log.Fatal(err)
	}
	s := open("")
	s.must(method("RetrieveServiceContent", "ServiceInstance", "ServiceInstance", ""))
	s.must(method("Login", "SessionManager", *manager, "<userName>"+*user+"</userName><password>"+strings.TrimSpace(string(secret))+"</password>"))
	return s
}

func print(facts map[string]interface{}) {
	text, _ := json.Marshal(facts)
	fmt.Println(string(text))
}

func sorted(times []float64) []float64 { sort.Float64s(times); return times }

func quantile(times []float64, q float64) float64 {
	if len(times) == 0 {
		return 0
	}
	at := int(q * float64(len(times)))
	if at >= len(times) {
		at = len(times) - 1
	}
	return sorted(times)[at]
}

// read: the answer may come in pages; the next is asked for by its token.
func read() {
	element, err := os.ReadFile(*body)
	if err != nil {
		log.Fatal(err)
	}
	token := regexp.MustCompile(`<token>([^<]+)</token>`)
	s := open(*cookie)
	var times []float64
	size, objects := 0, 0
	for i := 0; i < *count; i++ {
		start := time.Now()
		data := s.must(string(element))
		size, objects = len(data), bytes.Count(data, []byte("<objects"))
		for m := token.FindSubmatch(data); m != nil; m = token.FindSubmatch(data) {
			data = s.must(method("ContinueRetrievePropertiesEx", "PropertyCollector", *collector, "<token>"+string(m[1])+"</token>"))
			size, objects = size+len(data), objects+bytes.Count(data, []byte("<objects"))
		}
		times = append(times, float64(time.Since(start).Microseconds())/1000)
	}
	print(map[string]interface{}{"ms": times, "bytes": size, "objects": objects})
}

var versionOf = regexp.MustCompile(`<version>([^<]*)</version>`)

// watch: every client waits for name and power state of all machines; one machine is
// switched, and each client's delay from the switching request to the update counts.
func watch() {
	ids := machines()
	type wake struct{ at time.Time }
	filter := func(view string) string {
		return `<spec><propSet><type>VirtualMachine</type><pathSet>name</pathSet><pathSet>runtime.powerState</pathSet></propSet>` +
			`<objectSet><obj type="ContainerView">` + view + `</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><name>v</name>` +
			`<type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></spec><partialUpdates>true</partialUpdates>`
	}
	idOf := regexp.MustCompile(`<returnval[^>]*>([^<]+)<`)
	wakes := make([]chan wake, *clients)
	var ready sync.WaitGroup
	for i := range wakes {
		wakes[i] = make(chan wake, 1000)
		ready.Add(1)
		go func(out chan wake) {
			s := login()
			view := string(idOf.FindSubmatch(s.must(method("CreateContainerView", "ViewManager", viewManager(s),
				`<container type="Folder">`+rootFolder(s)+`</container><type>VirtualMachine</type><recursive>true</recursive>`)))[1])
			own := string(idOf.FindSubmatch(s.must(method("CreatePropertyCollector", "PropertyCollector", *collector, "")))[1])
			s.must(method("CreateFilter", "PropertyCollector", own, filter(view)))
			version, first := "", true
			for {
				wait := 20
				if first {
					wait = 0
				}
				data, err := s.call(method("WaitForUpdatesEx", "PropertyCollector", own,
					fmt.Sprintf("<version>%s</version><options><maxWaitSeconds>%d</maxWaitSeconds></options>", version, wait)))
				now := time.Now()
				if err != nil {
					return
				}
				m := versionOf.FindSubmatch(data)
				if m == nil {
					if first {
						first = false
						ready.Done()
					}
					continue
				}
				version = string(m[1])
				if first && !bytes.Contains(data, []byte("<truncated>true")) {
					first = false
					ready.Done()
				} else if !first && bytes.Contains(data, []byte("runtime.powerState")) {
					out <- wake{now}
				}
			}
		}(wakes[i])
	}
	ready.Wait()
	actor := login()
	var delays []float64
	missed := 0
	for i := 0; i < *count; i++ {
		time.Sleep(100 * time.Millisecond) // all wait again
		for _, c := range wakes {
			for len(c) > 0 {
				<-c
			}
		}
		name := "PowerOnVM_Task"
		if !isOff(actor, ids[0]) {
			name = "PowerOffVM_Task"
		}
		start := time.Now()
		actor.must(method(name, "VirtualMachine", ids[0], ""))
		for _, c := range wakes {
			select {
			case w := <-c:
				delays = append(delays, float64(w.at.Sub(start).Microseconds())/1000)
			case <-time.After(time.Until(start.Add(5 * time.Second))):
				missed++
			}
		}
	}
	print(map[string]interface{}{"p50": quantile(delays, 0.5), "p99": quantile(delays, 0.99), "max": quantile(delays, 1),
		"n": len(delays), "missed": missed})
}

func content(s *session) string {
	return string(s.must(method("RetrieveServiceContent", "ServiceInstance", "ServiceInstance", "")))
}

func rootFolder(s *session) string  { return named(content(s), "rootFolder") }
func viewManager(s *session) string { return named(content(s), "viewManager") }

func named(text, element string) string {
	return regexp.MustCompile(`<` + element + `[^>]*>([^<]+)<`).FindStringSubmatch(text)[1]
}

func propertyOf(s *session, kind, id, path string) string {
	return string(s.must(method("RetrievePropertiesEx", "PropertyCollector", *collector, `<specSet><propSet><type>`+kind+`</type><pathSet>`+
		path+`</pathSet></propSet><objectSet><obj type="`+kind+`">`+id+`</obj></objectSet></specSet><options></options>`)))
}

func isOff(s *session, vm string) bool {
	return strings.Contains(propertyOf(s, "VirtualMachine", vm, "runtime.powerState"), "poweredOff")
}

func machines() []string {
	text, err := os.ReadFile(*vms)
	if err != nil {
		log.Fatal(err)
	}
	return strings.Fields(string(text))
}

// tasks: each client switches machines of its own, one after the other, and asks for the
// task's state until it has ended.
func tasks() {
	ids := machines()
	ids = ids[:len(ids)/(*clients)*(*clients)] // no two clients at one machine
	taskOf := regexp.MustCompile(`<returnval[^>]*>([^<]+)<`)
	end := time.Now().Add(time.Duration(*seconds) * time.Second)
	var done, failed int64
	var lock sync.Mutex
	var times []float64
	var all sync.WaitGroup
	start := time.Now()
	for c := 0; c < *clients; c++ {
		all.Add(1)
		go func(c int) {
			defer all.Done()
			s := open(*cookie)
			for i := c; time.Now().Before(end); i += *clients {
				vm := ids[i%len(ids)]
				name := "PowerOnVM_Task"
				if !isOff(s, vm) {
					name = "PowerOffVM_Task"
				}
				began := time.Now()
				data := s.must(method(name, "VirtualMachine", vm, ""))
				task := string(taskOf.FindSubmatch(data)[1])
				state := ""
				for !strings.Contains(state, ">success<") && !strings.Contains(state, ">error<") {
					state = propertyOf(s, "Task", task, "info.state")
				}
				if strings.Contains(state, ">error<") {
					atomic.AddInt64(&failed, 1)
				}
				atomic.AddInt64(&done, 1)
				lock.Lock()
				times = append(times, float64(time.Since(began).Microseconds())/1000)
				lock.Unlock()
			}
		}(c)
	}
	all.Wait()
	print(map[string]interface{}{"per_s": float64(done) / time.Since(start).Seconds(), "failed": failed,
		"p50": quantile(times, 0.5), "p99": quantile(times, 0.99)})
}

func main() {
	if len(os.Args) < 2 {
		log.Fatal("load read|watch|tasks ...")
	}
	flag.CommandLine.Parse(os.Args[2:])
	if u, err := url.Parse(*address); err != nil || (u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost") {
		log.Fatal("-url must be on this machine")
	}
	switch os.Args[1] {
	case "read":
		read()
	case "watch":
		watch()
	case "tasks":
		tasks()
	default:
		log.Fatal("load read|watch|tasks ...")
	}
}
